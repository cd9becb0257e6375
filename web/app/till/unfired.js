// Orders that are placed and of which the kitchen has nothing: half done, so they are said and raise their hand.
import { command } from "../api.js";
import { isClosed } from "../channels.js";
import { now, serverNow, timeOrDate } from "../clock.js";
import { say } from "../problem.js";
import { may, restaurant } from "../session.js";
import { count } from "../text.js";
import { toast } from "../ui.js";
import { computed, html } from "../view.js";
import { dialog, learnOrder, openOrders, view } from "./shop.js";

/** Paying takes less; after that somebody has forgotten it. */
const HAND_AFTER_MS = 60_000;
/** More of them than this become one. */
const APART = 2;
/**
 * What the kitchen waits for: "payment" (lines that nobody holds back, of an order that is to be paid first), "fire"
 * (all of it is held back on purpose); "" where the kitchen has some of it, or nothing to do with it.
 */
export function unfired(order) {
  if (order.unsent_since) return "payment";
  if (isClosed(order) || order.lifecycle !== "validated") return "";
  const lines = order.lines.filter((line) => !line.voided && line.kitchen_state !== "cancelled");
  return lines.length && lines.every((line) => line.kitchen_state === "held") ? "fire" : "";
}

/** Those that nobody holds back, and that have waited for more than a minute. */
export const forgotten = computed(() => {
  const at = now.value || serverNow();
  return openOrders.value.filter(
    (order) => order.unsent_since && at - Date.parse(order.unsent_since) > HAND_AFTER_MS,
  );
});

/** Sends an order to the kitchen now. One that waits for its payment is paid after the meal from then on. */
async function sendNow(order) {
  // What is held back on purpose stays so, unless there is nothing else.
  const body = unfired(order) === "payment" ? { pay_later: true } : {};
  try {
    learnOrder(await command(`/orders/${order.id}/fire`, body));
    toast(`Order ${order.number} is in the kitchen`, { tone: "good" });
  } catch (problem) {
    // Somebody else was faster: that is what was wanted.
    if (problem.code !== "line_already_fired") toast(`Order ${order.number}: ${say(problem)}`, { tone: "bad" });
  }
}

export function SendNow({ order, primary = false }) {
  if (!unfired(order) || !may("orders.place")) return null;
  return html`<button type="button" class=${primary ? "primary" : ""} onClick=${() => sendNow(order)}>Send now</button>`;
}

/** What an order says of itself while nothing of it is cooked. */
export function UnfiredChip({ order }) {
  const why = unfired(order);
  const times = order.lines.filter((line) => line.kitchen_state === "held" && line.timing?.fire_at).map((line) => line.timing.fire_at);
  if (why === "fire" && times.length) {
    const [first] = times.sort();
    return html`<span class="chip promised" data-unfired="time">Kitchen at ${timeOrDate(first, restaurant.value?.timezone)}</span>`;
  }
  return why && html`<span class="chip unfired" data-unfired=${why}>Not in the kitchen</span>`;
}

function pay(order) {
  dialog.value = { name: "pay", id: order.id };
}

/** On every till, until the cause is gone. */
export function Forgotten() {
  const all = forgotten.value;
  if (all.length > APART) {
    const numbers = all.map((order) => order.number).join(", ");
    return html`<div class="alarm" data-forgotten=${numbers}>
      <strong>${count(all.length, "order")} are not in the kitchen</strong>
      <span>Orders ${numbers}. Nobody cooks them.</span>
      <button onClick=${() => (view.value = "orders")}>Show them</button>
    </div>`;
  }
  return all.map(
    (order) => html`<div class="alarm" key=${order.id} data-forgotten=${order.number}>
      <strong>Order ${order.number} is not in the kitchen</strong>
      <span>It waits for its payment. Nobody cooks it.</span>
      ${may("payments.take") && html`<button onClick=${() => pay(order)}>Pay</button>`}
      <${SendNow} order=${order} />
    </div>`,
  );
}
