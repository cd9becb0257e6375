// For when an order is promised and for whom: chosen in the basket or on an order that is under way; those that come.
import { command, get } from "../api.js";
import { basket, setBasket } from "../basket.js";
import { now, serverNow, timeOfDay } from "../clock.js";
import { may, restaurant } from "../session.js";
import { count, orderTypeName, plain } from "../text.js";
import { Dialog, Refusal, rove, Segmented, toast } from "../ui.js";
import { html, useEffect, useState } from "../view.js";
import { closeDialog, dialog, learnOrder, openOrders, orderOf } from "./shop.js";

const NAME_MAX = 80;
const DAY_MS = 86_400_000;
const DAYS_SHOWN = 4;
const SLOTS_SHOWN = 24;
const TYPES = ["eat_in", "takeaway", "delivery"];

const zone = () => restaurant.value?.timezone;
/** "2026-11-27" of an instant in the restaurant. */
const dayOf = (at) => new Date(at).toLocaleDateString("en-CA", { timeZone: zone() });
/** The same, of the business day: what is sold after midnight is of the evening before. */
const businessDay = (at) => dayOf(Date.parse(new Date(at).toISOString()) - (restaurant.value?.day_cutoff_minutes ?? 0) * 60_000);
const weekday = (at) => new Date(at).toLocaleDateString("en-GB", { weekday: "short", day: "numeric", timeZone: zone() });

/** "18:30", with its day where that is not today. */
export const promisedTime = (at) =>
  dayOf(at) === dayOf(serverNow()) ? timeOfDay(at, zone()) : `${weekday(at)} ${timeOfDay(at, zone())}`;

/** "For 18:30 · Ada" of an order or the basket; nothing where neither is said. */
function words({ scheduled_for: at, customer_name: name }) {
  return [at && `For ${promisedTime(at)}`, plain(name)].filter(Boolean).join(" · ");
}

/** For when and for whom, or a way to say it. Without an order: of the basket. */
export function PromiseButton({ order = null }) {
  const said = words(order || basket.value);
  const open = () => (dialog.value = { name: "promise", id: order?.id });
  return html`<button type="button" class=${said ? "promise" : "ghost"} disabled=${Boolean(order) && !may("orders.place")}
    onClick=${open}><bdi>${said || "For later"}</bdi></button>`;
}

/** The same, to be read only. */
export function PromiseChip({ order }) {
  const said = words(order);
  return said ? html`<span class="chip promised"><bdi>${said}</bdi></span>` : null;
}

/** What this till knows of the slots of a day: {slots, problem}; null slots while it asks. */
function useSlots(day, orderType) {
  const [state, setState] = useState({ slots: null, problem: null });
  useEffect(() => {
    let current = true;
    setState({ slots: null, problem: null });
    get(`/slots?date=${day}&order_type=${orderType}`).then(
      ({ items }) => current && setState({ slots: items, problem: null }),
      (problem) => current && setState({ slots: [], problem }),
    );
    return () => (current = false);
  }, [day, orderType]);
  return state;
}

/** `id`: of an order that is under way. */
export function PromiseDialog({ id = "" }) {
  const order = id ? orderOf(id) : null;
  const before = order || basket.value;
  const [at, setAt] = useState(before.scheduled_for || null);
  const [name, setName] = useState(before.customer_name || "");
  const [day, setDay] = useState(order ? order.business_date : businessDay(before.scheduled_for || serverNow()));
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState(null);
  const { slots, problem } = useSlots(day, before.order_type);
  const back = () => (id ? (dialog.value = { name: "order", id }) : closeDialog());
  const save = async (event) => {
    event.preventDefault();
    const wanted = { scheduled_for: at, customer_name: name.trim() };
    if (!id) {
      setBasket(wanted);
      closeDialog();
      return;
    }
    setBusy(true);
    try {
      learnOrder(await command(`/orders/${id}/promise`, { ...wanted, base_version: order.version }, { method: "PUT" }));
      back();
    } catch (refused) {
      setRefusal(refused);
      setBusy(false);
    }
  };
  const days = Array.from({ length: DAYS_SHOWN }, (_, index) => serverNow() + index * DAY_MS);
  const options = days.map((one, index) => ({ value: businessDay(one), label: index ? weekday(one) : "Today" }));
  return html`<${Dialog} title="For when, and for whom" name="promise" wide onClose=${back}>
    <form class="stack" onSubmit=${save}>
      <label class="field">Name
        <input name="customer_name" maxlength=${NAME_MAX} value=${name} data-focus autocomplete="off" placeholder="Who calls for it"
          onInput=${(event) => setName(event.target.value)} /></label>
      ${order ? null : html`<${Segmented} label="Day" value=${day} options=${options} onChange=${setDay} />`}
      <${Slots} slots=${slots} at=${at} onPick=${setAt} />
      <${Refusal} problem=${refusal || problem} />
      <div class="row spread">
        ${at ? html`<button type="button" class="ghost" onClick=${() => setAt(null)}>As soon as possible</button>` : html`<span></span>`}
        <button class="primary big" disabled=${busy}>${at ? `For ${promisedTime(at)}` : "As soon as possible"}</button>
      </div>
    </form>
  <//>`;
}

/** Those that begin from now on; full ones say so. One that was chosen before is there in any case. */
function Slots({ slots, at, onPick }) {
  if (!slots) return html`<p class="empty" role="status">Looking for free times…</p>`;
  const coming = slots.filter((slot) => Date.parse(slot.starts_at) >= serverNow());
  const first = Math.max(0, coming.findIndex((slot) => slot.free));
  const shown = coming.slice(first, first + SLOTS_SHOWN);
  if (!shown.length) return html`<p class="empty">Nothing can be promised for this day any more.</p>`;
  return html`<div class="slots" role="group" aria-label="Times" onKeyDown=${(event) => rove(event)}>
    ${shown.map(
      (slot) => html`<button type="button" key=${slot.starts_at} class="slot" data-slot=${timeOfDay(slot.starts_at, zone())} disabled=${!slot.free}
        aria-pressed=${at === slot.starts_at} onClick=${() => onPick(slot.starts_at)}>
        <strong>${timeOfDay(slot.starts_at, zone())}</strong><small>${left(slot)}</small></button>`,
    )}
  </div>`;
}

function left(slot) {
  if (slot.orders_left === 0 || slot.items_left === 0) return "Full";
  if (!slot.free) return "Too soon";
  if (slot.orders_left !== null) return `${slot.orders_left} left`;
  return slot.items_left === null ? "Free" : `${count(slot.items_left, "item")} left`;
}

/** An order that was sent is eaten in or taken away instead: its VAT changes, its prices do not. */
export function TypeSwitch({ order }) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState(null);
  const change = async (type) => {
    if (type === order.order_type || busy) return;
    setBusy(true);
    setProblem(null);
    try {
      const body = { order_type: type, base_version: order.version };
      const changed = await command(`/orders/${order.id}/type`, body, { method: "PUT" });
      learnOrder(changed);
      toast(`Order ${order.number ?? ""} is ${orderTypeName(type).toLowerCase()} now`, { tone: "good" });
    } catch (refused) {
      setProblem(refused);
    }
    setBusy(false);
  };
  if (!may("orders.place")) return null;
  const options = TYPES.map((value) => ({ value, label: orderTypeName(value) }));
  return html`<${Segmented} label="Order type" value=${order.order_type} options=${options} onChange=${change} />
    <${Refusal} problem=${problem} />`;
}

/** Orders that were promised, the next one first. */
export function Coming() {
  const coming = openOrders.value
    .filter((order) => order.scheduled_for)
    .sort((a, b) => a.scheduled_for.localeCompare(b.scheduled_for) || a.id.localeCompare(b.id));
  if (!coming.length) return null;
  return html`<h2>Coming <small class="quiet">${coming.length}</small></h2>
    <ul class="coming" aria-label="Coming orders" onKeyDown=${(event) => rove(event)}>
      ${coming.map((order) => {
        const late = Date.parse(order.scheduled_for) < now.value && order.state !== "ready";
        return html`<li key=${order.id}><button class="closed-order ${late ? "late" : ""}" data-coming=${order.number}
          onClick=${() => (dialog.value = { name: "order", id: order.id })}>
          <strong>${promisedTime(order.scheduled_for)}</strong>
          <span>${orderTypeName(order.order_type)} ${order.number ?? "–"}</span>
          <span><bdi>${plain(order.customer_name)}</bdi></span></button></li>`;
      })}
    </ul>`;
}
