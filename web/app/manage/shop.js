// What the management page knows: which panel is shown, and the channels that it follows.
import { floor, inventory, kitchen, orders, printing } from "../channels.js";
import { menuMoved } from "../menu.js";
import { Realtime } from "../socket.js";
import { signal } from "../view.js";

/**
 * The panels in the order of the rail, each with the permission that it takes to be there. Kitchen and takeaway are changed
 * with another one, and say so.
 */
export const PANELS = {
  menu: { label: "Menu", permission: "menu.manage" },
  hours: { label: "Hours", permission: "menu.manage" },
  promotions: { label: "Promotions", permission: "discounts.manage" },
  takeaway: { label: "Takeaway", permission: "orders.read" },
  stock: { label: "Stock", permission: "menu.manage" },
  floor: { label: "Floor", permission: "floor.manage" },
  kitchen: { label: "Kitchen", permission: "floor.manage" },
  printers: { label: "Printers", permission: "floor.manage" },
};

const FIRST = "menu";
const asked = () => {
  const name = location.hash.slice(1).split("/")[0];
  return PANELS[name] ? name : FIRST;
};

/** The panel that is shown. Its name stands in the address, so that a reload and the way back find it. */
export const panel = signal(asked());

/** Shows a panel. */
export function show(name) {
  location.hash = name;
}

addEventListener("hashchange", () => {
  panel.value = asked();
});

export const realtime = new Realtime({
  kind: "web",
  channels: {
    orders: { rules: orders },
    inventory: { rules: inventory },
    floor: { rules: floor },
    kitchen: { rules: kitchen },
    printing: { rules: printing },
  },
  onEvent: (channel, event) => {
    if (channel === "inventory" && !event.k.startsWith("inventory.")) menuMoved();
  },
});
