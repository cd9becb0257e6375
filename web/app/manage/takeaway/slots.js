// The slots of today: what of each is promised, and what is left.
import { get } from "../../api.js";
import { minute, serverNow, timeOfDay } from "../../clock.js";
import { restaurant } from "../../session.js";
import { count, orderTypeName } from "../../text.js";
import { Refusal, Segmented } from "../../ui.js";
import { computed, html, useEffect, useState } from "../../view.js";
import { useRead } from "../house/reading.js";
import { realtime } from "../shop.js";
import { TYPES } from "./settings.js";

const SHOWN = 16;
/** Several orders in a row cost one request. */
const SETTLED_MS = 400;
/** The shortest slot: after so long the next one has begun. */
const SLOT_MS = 300_000;
const OPTIONS = TYPES.map((value) => ({ value, label: orderTypeName(value) }));

/** Changes when something that is promised does. */
const promised = computed(() =>
  Object.values(realtime.states.orders.value.orders)
    .filter((order) => order.scheduled_for)
    .map(({ id, version }) => `${id}:${version}`)
    .sort()
    .join(),
);

/** A value, once it has been the same for a moment. */
function useSettled(value) {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), SETTLED_MS);
    return () => clearTimeout(timer);
  }, [value]);
  return settled;
}

/** `version`: of the settings, by which slots go. */
export function Slots({ version }) {
  const [type, setType] = useState(TYPES[0]);
  const [all, setAll] = useState(false);
  const read = async () => ({ type, slots: (await get(`/slots?order_type=${type}`)).items });
  const known = [type, version, useSettled(promised.value), Math.floor(minute.value / SLOT_MS)];
  const { found, problem } = useRead(read, known);
  const slots = found?.type === type ? found.slots : null;
  return html`<section class="stack" aria-label="Slots of today">
    <div class="house-head"><h2>Today</h2><${Segmented} label="Order type" value=${type} options=${OPTIONS} onChange=${setType} /></div>
    <${Refusal} problem=${problem} />
    ${slots ? html`<${List} slots=${slots} all=${all} onAll=${() => setAll(true)} />` : !problem && html`<p class="quiet">Looking up the slots…</p>`}
  </section>`;
}

function List({ slots, all, onAll }) {
  // The one that runs is over when the next one begins.
  const next = slots.findIndex((slot) => Date.parse(slot.starts_at) > serverNow());
  const rest = next < 0 ? slots.slice(-1) : slots.slice(Math.max(0, next - 1));
  const coming = rest.filter((slot) => slot.free || slot.orders > 0);
  const shown = all ? coming : coming.slice(0, SHOWN);
  if (!coming.length) return html`<p class="empty">Nothing can be promised for today any more.</p>`;
  return html`<ul class="rows" aria-label="Slots">
      ${shown.map((slot) => html`<${Row} key=${slot.starts_at} slot=${slot} />`)}
    </ul>
    ${shown.length < coming.length && html`<div><button type="button" onClick=${onAll}>Show ${count(coming.length - shown.length, "later slot")}</button></div>`}`;
}

function Row({ slot }) {
  const at = timeOfDay(slot.starts_at, restaurant.value?.timezone);
  const taken = slot.orders ? `${count(slot.orders, "order")}, ${count(slot.items, "item")}` : "Nothing promised";
  return html`<li class="house-row slot-row" data-slot-at=${slot.starts_at} data-taken=${slot.orders}>
    <strong>${at}</strong><span class=${slot.orders ? "" : "quiet"}>${taken}</span><${Left} slot=${slot} /></li>`;
}

function Left({ slot }) {
  if (slot.orders_left === 0 || slot.items_left === 0) return html`<span class="badge bad">Full</span>`;
  if (!slot.free) return html`<span class="badge">Too soon</span>`;
  const left = [
    slot.orders_left !== null && `${count(slot.orders_left, "order")} left`,
    slot.items_left !== null && `${count(slot.items_left, "item")} left`,
  ].filter(Boolean);
  return html`<span class="quiet">${left.join(", ") || "Not limited"}</span>`;
}
