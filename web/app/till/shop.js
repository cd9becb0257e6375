// What the till knows: the channels it follows, and the answers that came before their events.
import { command } from "../api.js";
import { floor, inventory, isClosed, orders as orderRules, printing, tills } from "../channels.js";
import { menuMoved } from "../menu.js";
import { say } from "../problem.js";
import { restaurant } from "../session.js";
import { Realtime } from "../socket.js";
import { toast } from "../ui.js";
import { plain, stockAmount } from "../text.js";
import { computed, signal } from "../view.js";

const CHOSEN_TILL = "fynlo.till.";
const RECENT_MS = 60_000;

export const realtime = new Realtime({
  kind: "ipad",
  channels: {
    orders: { rules: orderRules },
    tills: { rules: tills },
    inventory: { rules: inventory },
    floor: { rules: floor },
    printing: { rules: printing },
  },
  onEvent: noticed,
});
export const stock = realtime.states.inventory;

/** Which view is shown: "sell", "orders", "tables" or "drawer". */
export const view = signal("sell");
/** The dialog that is open, or null: {name, ...}. */
export const dialog = signal(null);
export const closeDialog = () => {
  dialog.value = null;
};

// Answers of our own requests, until the same version arrives as an event.
const answered = signal({ orders: {}, sessions: {}, tables: {} });

/** Takes in the answer of a request about an order. */
export function learnOrder(order) {
  answered.value = { ...answered.value, orders: { ...answered.value.orders, [order.id]: order } };
  return order;
}

/** Takes in the answer of a request about a till session. */
export function learnSession(session) {
  answered.value = { ...answered.value, sessions: { ...answered.value.sessions, [session.id]: session } };
  return session;
}

/** Takes in the answer of a request about a table. */
export function learnTable(table) {
  answered.value = { ...answered.value, tables: { ...answered.value.tables, [table.id]: table } };
  return table;
}

function newest(events, answers) {
  const all = { ...events };
  for (const [id, one] of Object.entries(answers)) if (!all[id] || all[id].version < one.version) all[id] = one;
  return all;
}

const orders = computed(() => newest(realtime.states.orders.value.orders, answered.value.orders));
const byAge = (a, b) => a.created_at.localeCompare(b.created_at);

export const openOrders = computed(() =>
  Object.values(orders.value)
    .filter((order) => !isClosed(order))
    .sort(byAge),
);
export const closedOrders = computed(() =>
  Object.values(orders.value)
    .filter(isClosed)
    .sort((a, b) => byAge(b, a)),
);

/** An order as we know it now, or undefined. */
export function orderOf(id) {
  return orders.value[id];
}

const byNumber = new Intl.Collator("en-GB", { numeric: true });

/** Table -> the table as we know it now. One that was removed is gone, whatever we were answered before. */
export const tables = computed(() => {
  const known = realtime.states.floor.value.tables;
  const answers = Object.entries(answered.value.tables).filter(([id]) => known[id]);
  return newest(known, Object.fromEntries(answers));
});

/** [{id, name, tables}], sections by their position and tables by their names, as people count. */
export const sections = computed(() =>
  Object.values(realtime.states.floor.value.sections)
    .sort((a, b) => a.position - b.position || byNumber.compare(a.name, b.name))
    .map(({ id, name }) => ({
      id,
      name,
      tables: Object.values(tables.value)
        .filter((table) => table.section_id === id)
        .sort((a, b) => byNumber.compare(a.name, b.name)),
    }))
    .filter((section) => section.tables.length > 0),
);

const dismissed = signal(new Set());
export const alarms = computed(() =>
  Object.values(realtime.states.orders.value.alarms)
    .filter((alarm) => !dismissed.value.has(alarm.id + alarm.at))
    .sort((a, b) => (a.order_number ?? 0) - (b.order_number ?? 0)),
);

/** Somebody looks after it: hidden here at once, and over for every till when the server has heard. */
export async function dismissAlarm(alarm) {
  const name = alarm.id + alarm.at;
  dismissed.value = new Set([...dismissed.value, name]);
  try {
    await command(`/kitchen/tickets/${alarm.id}/alarm/acknowledge`, {}, { patience: Infinity });
  } catch (problem) {
    dismissed.value = new Set([...dismissed.value].filter((one) => one !== name));
    toast(`Order ${alarm.order_number ?? ""}: ${say(problem)}`, { tone: "bad" });
  }
}

export const openSessions = computed(() =>
  Object.values(newest(realtime.states.tills.value.sessions, answered.value.sessions))
    .filter((session) => session.state !== "closed")
    .sort((a, b) => a.till.localeCompare(b.till)),
);

const chosen = signal(localStorage.getItem(CHOSEN_TILL + restaurant.value?.id));

/** The drawer of this till, or null: the chosen one, else the only one that is open. */
export const drawer = computed(() => {
  const open = openSessions.value;
  return open.find((session) => session.id === chosen.value) || (open.length === 1 ? open[0] : null);
});

/** This device works with that drawer from now on. */
export function chooseDrawer(id) {
  chosen.value = id;
  localStorage.setItem(CHOSEN_TILL + restaurant.value.id, id);
}

function noticed(channel, event, live) {
  if (channel === "inventory" && !event.k.startsWith("inventory.")) menuMoved();
  if (!live && Date.now() - event.at > RECENT_MS) return;
  if (event.k === "kitchen.order_ready") {
    const where = event.d.table?.name ? ` · table ${plain(event.d.table.name)}` : "";
    toast(`Order ${event.d.number} is ready${where}`, { tone: "good", milliseconds: 12_000 });
  } else if (event.k === "inventory.low_stock") {
    toast(`Only ${stockAmount(event.d.available, event.d.unit)} left: ${plain(event.d.item_name || "an item")}`);
  } else if (event.k === "inventory.oversold") {
    const short = stockAmount(-event.d.available, event.d.unit);
    toast(`Oversold by ${short}: ${plain(event.d.item_name || "an item")}`, { tone: "bad", milliseconds: 12_000 });
  } else if (event.k === "item.86") {
    toast(`Sold out: ${plain(event.d.item_name || "an item")}`);
  }
}
