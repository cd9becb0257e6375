// Over all tickets: what is still to be made of each thing, and how far each order is.
import { elapsed, now, serverNow } from "../clock.js";
import { orderTypeName, plain } from "../text.js";
import { computed, html, signal } from "../view.js";
import { everywhere, shown, stationName, step } from "./shop.js";

const VIEW = "fynlo.kitchen.view";
const RAIL = "fynlo.kitchen.rail";
const TO_MAKE = new Set(["queued", "preparing"]);
const OPEN = new Set(["queued", "preparing", "ready"]);
const STAGES = ["queued", "preparing", "ready"];
const WORDS = { queued: "Waits", preparing: "Cooking", ready: "Ready" };

const kept = (name, first) => {
  const value = signal(localStorage.getItem(name) || first);
  return [
    value,
    (next) => {
      value.value = next;
      try {
        localStorage.setItem(name, next);
      } catch {
        // A full device says so already; this page still knows.
      }
    },
  ];
};
const [view, keepView] = kept(VIEW, "tickets");
const [rail, keepRail] = kept(RAIL, "off");
/** Which view hangs: "tickets" or "expo". */
export { rail, view };

export const toggleExpo = () => keepView(view.value === "expo" ? "tickets" : "expo");
export const toggleRail = () => keepRail(rail.value === "on" ? "off" : "on");

/** What is still to be made at the stations that are shown, the most first: [{key, name, options, quantity}]. */
export const allDay = computed(() => {
  const lines = new Map();
  for (const ticket of shown.value)
    for (const line of ticket.lines) if (TO_MAKE.has(line.state)) lines.set(line.id, line);
  const things = new Map();
  for (const line of lines.values()) {
    const options = [...line.options].sort((a, b) => a.option_id.localeCompare(b.option_id));
    const key = [line.item_id, line.name, ...options.map((one) => `${one.option_id}×${one.quantity}`)].join("|");
    const known = things.get(key) || { key, name: line.name, options, quantity: 0 };
    things.set(key, { ...known, quantity: known.quantity + line.quantity });
  }
  return [...things.values()].sort((a, b) => b.quantity - a.quantity || a.name.localeCompare(b.name));
});

/** Orders with open tickets at any station, the oldest first. */
export const expo = computed(() => {
  const orders = new Map();
  for (const ticket of everywhere.value) {
    if (!OPEN.has(ticket.state)) continue;
    const order = orders.get(ticket.order_id) || { id: ticket.order_id, tickets: [] };
    order.tickets.push(ticket);
    orders.set(ticket.order_id, order);
  }
  return [...orders.values()].map(asRow).sort((a, b) => a.since.localeCompare(b.since) || a.id.localeCompare(b.id));
});

function asRow({ id, tickets }) {
  const stations = new Map();
  for (const ticket of tickets) {
    const known = stations.get(ticket.station_id);
    const stage = STAGES.indexOf(ticket.state);
    stations.set(ticket.station_id, Math.min(stage, known ?? stage));
  }
  const [first] = tickets;
  return {
    id,
    tickets,
    number: first.order_number,
    where: first.table ? `Table ${plain(first.table)}` : orderTypeName(first.order_type),
    since: tickets.map((ticket) => ticket.created_at).reduce((a, b) => (a < b ? a : b)),
    due: tickets.map((ticket) => ticket.target_at || "").reduce((a, b) => (a > b ? a : b)),
    stations: [...stations].map(([station, stage]) => ({ id: station, state: STAGES[stage] })),
    ready: tickets.every((ticket) => ticket.state === "ready"),
  };
}

export function Rail() {
  return html`<aside class="all-day" aria-label="All day">
    <h2>All day</h2>
    <ul>
      ${allDay.value.map(
        (thing) => html`<li key=${thing.key} data-all-day=${thing.name}>
        <strong class="quantity ${thing.quantity > 1 ? "many" : ""}">${thing.quantity}</strong>
        <span><bdi>${plain(thing.name)}</bdi>
          ${thing.options.map((one) => html`<small key=${one.option_id}>${one.quantity > 1 ? `${one.quantity} × ` : ""}<bdi>${plain(one.name)}</bdi></small>`)}</span>
      </li>`,
      )}
    </ul>
    ${!allDay.value.length && html`<p>Nothing to make.</p>`}
  </aside>`;
}

export function Expo() {
  const at = now.value || serverNow();
  if (!expo.value.length)
    return html`<main class="wall calm"><p>All clear</p><small>Orders appear here by themselves.</small></main>`;
  return html`<main class="expo" aria-label="Orders over all stations">
    ${expo.value.map((order) => html`<${Row} key=${order.id} order=${order} at=${at} />`)}
  </main>`;
}

function Row({ order, at }) {
  const late = !order.ready && order.due && Date.parse(order.due) <= at;
  const serve = () => order.tickets.filter((ticket) => ticket.state === "ready").forEach((one) => step(one, "serve"));
  return html`<article class="expo-order ${order.ready ? "ready" : ""} ${late ? "late" : ""}" data-expo=${order.number} data-ready=${order.ready}>
    <span class="ticket-number">${order.number ?? "–"}</span>
    <strong><bdi>${order.where}</bdi></strong>
    <ul>${order.stations.map(
      (station) => html`<li key=${station.id} data-station=${station.id} data-state=${station.state}>
        <bdi>${plain(stationName(station.id))}</bdi> <b>${WORDS[station.state]}</b></li>`,
    )}</ul>
    <time>${elapsed(order.since, at)}</time>
    <button class="bump" disabled=${!order.ready} onClick=${serve}>${order.ready ? "Served" : "Not ready"}</button>
  </article>`;
}
