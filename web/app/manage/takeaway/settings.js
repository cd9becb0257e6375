// When a restaurant promises orders, and how many of them for a time.
import { count, orderTypeName } from "../../text.js";
import { clock, minutesOf, NumberField, toast } from "../../ui.js";
import { html } from "../../view.js";
import { useForm } from "../house/saving.js";

const SLOT_MINUTES = [5, 10, 15, 20, 30, 60, 120];
const HOUR = 60;
const DAYS_MAX = 60;
const ORDERS_MAX = 1000;
const ITEMS_MAX = 10_000;
const FIELDS = ["limited", "slot_minutes", "from_minutes", "until_minutes", "days_ahead", "limits", "fire_together"];
const LUNCH_TO_NIGHT = { from_minutes: 720, until_minutes: 1320 };
export const TYPES = ["takeaway", "delivery", "eat_in"];
export const PATH = "/slots/settings";

const lengthWords = (minutes) => (minutes < HOUR ? `${minutes} minutes` : count(minutes / HOUR, "hour"));

/** `limits` with one number of one order type changed; a type without numbers is not limited. */
function withLimit(limits, type, field, value) {
  const before = limits.find((one) => one.order_type === type) ?? { order_type: type, orders: null, items: null };
  const next = { ...before, [field]: value };
  const all = [...limits.filter((one) => one.order_type !== type), next];
  return TYPES.flatMap((one) => all.filter((each) => each.order_type === one && (each.orders !== null || each.items !== null)));
}

/** `settings`: as they were read; `mayChange`: whether they are more than looked at. */
export function Settings({ settings, mayChange, read, onSaved }) {
  const { draft, set, busy, submit, refusal } = useForm({
    row: settings,
    fields: FIELDS,
    at: PATH,
    read,
    done: (saved) => {
      toast("Saved: tills promise by it from now on", { tone: "good" });
      onSaved(saved);
    },
  });
  return html`<form class="stack" aria-label="Settings of slots" onSubmit=${submit}>
    <fieldset class="checks stack" disabled=${!mayChange}>
      <h2>When orders are promised</h2>
      <${Hours} draft=${draft} set=${set} />
      <div class="two">
        <label class="field">One slot lasts <select name="slot-minutes" value=${String(draft.slot_minutes)} onChange=${(event) => set("slot_minutes")(Number(event.target.value))}>
          ${SLOT_MINUTES.map((one) => html`<option key=${one} value=${one}>${lengthWords(one)}</option>`)}</select></label>
        <${NumberField} label="Days ahead" name="days-ahead" value=${draft.days_ahead} max=${DAYS_MAX} onChange=${set("days_ahead")} />
      </div>
      ${draft.days_ahead === 0 && html`<small class="hint">Orders are taken for today alone.</small>`}
      <p class="quiet">The earliest time is that by which the kitchen can be ready: set it by the times of its stations and dishes.</p>
      <h2>How many for one slot</h2>
      <label class="tick"><input type="checkbox" name="limited" checked=${draft.limited} onChange=${(event) => set("limited")(event.target.checked)} />
        <span>A slot takes so many and no more</span></label>
      ${draft.limited ? html`<${Limits} limits=${draft.limits} onChange=${set("limits")} />` : html`<p class="quiet">A slot takes whatever is ordered.</p>`}
      <h2>In the kitchen</h2>
      <label class="tick"><input type="checkbox" name="fire-together" checked=${draft.fire_together} onChange=${(event) => set("fire_together")(event.target.checked)} />
        <span>Start quick dishes later, so that all of an order is ready at once</span></label>
    </fieldset>
    ${refusal}
    ${
      mayChange &&
      html`<div class="row spread"><small class="quiet">What is promised already stays promised.</small>
        <button class="primary big" disabled=${busy}>${busy ? "Saving…" : "Save"}</button></div>`
    }
  </form>`;
}

function Hours({ draft, set }) {
  const { from_minutes: from, until_minutes: until } = draft;
  const both = (next) => {
    set("from_minutes")(next.from_minutes);
    set("until_minutes")(next.until_minutes);
  };
  const time = (field) => ({
    type: "time",
    required: true,
    value: clock(draft[field]),
    onInput: (event) => event.target.value && set(field)(minutesOf(event.target.value)),
  });
  return html`<label class="tick"><input type="checkbox" name="all-day" checked=${from === until}
      onChange=${(event) => both(event.target.checked ? { from_minutes: 0, until_minutes: 0 } : LUNCH_TO_NIGHT)} /> <span>At all times of the day</span></label>
    ${
      from !== until &&
      html`<div class="dates">
        <label class="field">First promise at <input name="first-promise" ...${time("from_minutes")} /></label>
        <label class="field">Last promise at <input name="last-promise" ...${time("until_minutes")} /></label>
      </div>
      ${from > until && html`<small class="hint">The last one is on the day after.</small>`}`
    }`;
}

function Limits({ limits, onChange }) {
  return html`<div class="stack">
    ${TYPES.map((type) => {
      const { orders = null, items = null } = limits.find((one) => one.order_type === type) ?? {};
      const field = (label, name, value, max) => html`<${NumberField} label=${label} name=${`${type}-${name}`} value=${value} min=${1} max=${max}
        optional onChange=${(next) => onChange(withLimit(limits, type, name, next))} />`;
      return html`<fieldset class="checks" key=${type}><legend>${orderTypeName(type)}</legend>
        <div class="two">${field("Orders", "orders", orders, ORDERS_MAX)}${field("Items", "items", items, ITEMS_MAX)}</div></fieldset>`;
    })}
    <small class="hint">Leave a field empty where it does not matter. Items count each portion.</small>
  </div>`;
}
