// Routes in words, and the form in which one is said. Which of them wins, the server alone knows.
import { categories, optionsOf } from "./sold.js";
import { items } from "./known.js";
import { orderTypeName, plain } from "../../text.js";
import { Dialog, Segmented } from "../../ui.js";
import { html, useState } from "../../view.js";

const HOUR = 60;
const DAY = 24 * HOUR;
export const ORDER_TYPES = ["eat_in", "takeaway", "delivery"];
export const NO_ROUTE = { item_id: null, category_id: null, option_id: null, order_types: [], hours: null };

const clock = (minutes) =>
  `${String(Math.floor((minutes % DAY) / HOUR)).padStart(2, "0")}:${String(minutes % HOUR).padStart(2, "0")}`;
/** Minutes after midnight of "12:30". */
const minutesOf = (time) => Number(time.slice(0, 2)) * HOUR + Number(time.slice(3, 5));

/** "12 min", "4 min 30 s". */
export function targetWords(seconds) {
  const [minutes, left] = [Math.floor(seconds / 60), seconds % 60];
  return [minutes || !left ? `${minutes} min` : "", left ? `${left} s` : ""].filter(Boolean).join(" ");
}

const named = (all, id) => plain(all.find((one) => one.id === id)?.name ?? "something that is not sold any more");

/** A route: "Chips, Takeaway, 17:00 to 22:00". */
export function words(route) {
  return [
    route.item_id && named(items.value, route.item_id),
    route.category_id && `All of ${named(categories.value, route.category_id)}`,
    route.option_id && `With ${named(optionsOf(null), route.option_id)}`,
    route.order_types.map(orderTypeName).join(" or "),
    route.hours && `${clock(route.hours.from_minutes)} to ${clock(route.hours.until_minutes)}`,
  ]
    .filter(Boolean)
    .join(", ");
}

/** What a station gets, each in words. */
export function routeWords(station) {
  return [...station.category_ids.map((id) => `All of ${named(categories.value, id)}`), ...station.routes.map(words)];
}

const KINDS = [
  { value: "category_id", label: "Category" },
  { value: "item_id", label: "Item" },
  { value: "option_id", label: "Option" },
  { value: "", label: "Anything" },
];
const GOODS = { item_id: () => items.value, category_id: () => categories.value, option_id: () => optionsOf(null) };

/** `onAdd(route)`: what a station gets beside what it has. */
export function RouteForm({ onAdd, onClose }) {
  const [kind, setKind] = useState("category_id");
  const [id, setId] = useState("");
  const [types, setTypes] = useState([]);
  const [hours, setHours] = useState(null);
  const route = { ...NO_ROUTE, ...(kind && id ? { [kind]: id } : {}), order_types: types, hours };
  const goods = kind ? GOODS[kind]() : [];
  const isSaid = kind ? Boolean(id) : types.length > 0 || Boolean(hours);
  const flip = (type) => () => setTypes(types.includes(type) ? types.filter((one) => one !== type) : [...types, type]);
  const add = (event) => {
    event.preventDefault();
    if (isSaid) onAdd(route);
  };
  const time = (field, label) =>
    html`<label class="field">${label} <input type="time" required value=${clock(hours[field])}
      onInput=${(event) => event.target.value && setHours({ ...hours, [field]: minutesOf(event.target.value) })} /></label>`;
  return html`<${Dialog} title="What it gets" name="route" onClose=${onClose}>
    <form class="stack" onSubmit=${add}>
      <${Segmented} label="By what" value=${kind} options=${KINDS} onChange=${(next) => (setKind(next), setId(""))} />
      ${
        kind &&
        html`<label class="field">${KINDS.find((one) => one.value === kind).label}
        <select name="goods" required data-focus value=${id} onChange=${(event) => setId(event.target.value)}>
          <option value="">Choose…</option>
          ${goods.map((one) => html`<option key=${one.id} value=${one.id}>${plain(one.label ?? one.name)}</option>`)}</select></label>`
      }
      <fieldset class="checks"><legend>Only of these orders (none: of any)</legend>
        ${ORDER_TYPES.map((type) => html`<label key=${type} class="tick"><input type="checkbox" checked=${types.includes(type)} onChange=${flip(type)} />
          <span>${orderTypeName(type)}</span></label>`)}</fieldset>
      <label class="tick"><input type="checkbox" checked=${Boolean(hours)}
        onChange=${() => setHours(hours ? null : { from_minutes: 17 * HOUR, until_minutes: 22 * HOUR })} /><span>Only at certain hours of the day</span></label>
      ${hours && html`<div class="two">${time("from_minutes", "From")}${time("until_minutes", "Until")}</div>`}
      ${!kind && !isSaid && html`<p class="quiet">Choose the orders or the hours of which it gets everything.</p>`}
      <button class="primary big" disabled=${!isSaid}>Add it</button>
    </form>
  <//>`;
}
