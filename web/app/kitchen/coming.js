// What is on its way: orders that were promised and of which the kitchen has nothing yet, "3 at 18:30".
import { get } from "../api.js";
import { serverNow, timeOfDay } from "../clock.js";
import { restaurant } from "../session.js";
import { computed, html, signal } from "../view.js";

const ASK_EVERY_MS = 30_000;
const SHOWN = 8;
const DAY_MS = 86_400_000;

const orders = signal([]);

async function ask() {
  try {
    orders.value = (await get("/slots/coming")).items;
  } catch {
    // What it knew stays; the display says by itself that it is without a connection.
  }
}

/** Asks now, and again as time goes by. */
export function watchComing() {
  ask();
  setInterval(ask, ASK_EVERY_MS);
}

/** [{at, orders, items}] of the next day, the next one first. */
export const coming = computed(() => {
  const times = new Map();
  for (const order of orders.value) {
    if (order.fired || Date.parse(order.scheduled_for) > serverNow() + DAY_MS) continue;
    const known = times.get(order.scheduled_for) || { at: order.scheduled_for, orders: 0, items: 0 };
    times.set(order.scheduled_for, { ...known, orders: known.orders + 1, items: known.items + order.items });
  }
  return [...times.values()].sort((a, b) => a.at.localeCompare(b.at)).slice(0, SHOWN);
});

/** Nothing where nothing comes. */
export function Coming() {
  if (!coming.value.length) return null;
  return html`<ul class="coming" aria-label="Coming orders">
    ${coming.value.map((one) => {
      const at = timeOfDay(one.at, restaurant.value?.timezone);
      return html`<li key=${one.at} data-coming=${at}><strong>${one.orders}</strong> at <time>${at}</time></li>`;
    })}
  </ul>`;
}
