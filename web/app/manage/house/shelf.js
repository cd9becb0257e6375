// One thing on the shelf: counted, thrown away, brought; how it moved, how it is counted, where it comes from.
import { command } from "../../api.js";
import { plain, stockAmount, unitName } from "../../text.js";
import { Dialog, MoneyPad, NumberField, Refusal, rove, Segmented, toast } from "../../ui.js";
import { html, useLayoutEffect, useRef, useState } from "../../view.js";
import { items, levels } from "./known.js";
import { Movements } from "./movements.js";
import { useAct } from "./saving.js";
import { SupplyForm } from "./supply_form.js";

const QUANTITY_MAX = 1_000_000_000;
/** What one types at a shelf: more digits than this are a slip of the finger. */
const TYPED_MAX = 9_999_999;
const REASON_MAX = 200;
const WASTE_REASONS = ["Out of date", "Dropped", "Cooked wrong", "Staff meal"];
const TABS = { count: "Count", waste: "Waste", delivery: "Delivery", moved: "Movements", rules: "Rules", supply: "Supply" };
const POLICIES = [
  { value: "block", label: "Refuse" },
  { value: "warn", label: "Sell, and tell" },
  { value: "allow", label: "Sell" },
];

/** What is known of a thing, counted or not yet. */
function thing(itemId) {
  const level = levels.value.find((one) => one.item_id === itemId);
  const item = items.value.find((one) => one.id === itemId);
  return { level, name: plain(level?.item_name ?? item?.name ?? "An item that is gone"), unit: level?.unit ?? "piece" };
}

export function Shelf({ itemId, onClose }) {
  const [tab, setTab] = useState("count");
  const shown = useRef(null);
  const byHand = useRef(false);
  // Whoever goes along the tabs by keyboard stays there; a tap is for what is typed next.
  useLayoutEffect(() => {
    if (byHand.current) shown.current.querySelector("[data-focus]")?.focus();
    byHand.current = false;
  }, [tab]);
  const show = (name) => (event) => {
    byHand.current = event.detail > 0;
    setTab(name);
  };
  const { level, name } = thing(itemId);
  const tabs = level ? Object.keys(TABS) : ["count"];
  const Shown = { count: Count, waste: Waste, delivery: Delivery, moved: Movements, rules: Rules, supply: SupplyForm }[tab];
  return html`<${Dialog} title=${name} name="shelf" wide onClose=${onClose}>
    ${
      tabs.length > 1 &&
      html`<div class="pick-tabs" role="tablist" aria-label="What to do" onKeyDown=${(event) => rove(event)?.click()}>
      ${tabs.map(
        (one) => html`<button type="button" role="tab" key=${one} aria-selected=${one === tab} tabindex=${one === tab ? 0 : -1} onClick=${show(one)}>${TABS[one]}</button>`,
      )}</div>`
    }
    <div ref=${shown}><${Shown} key=${tab} itemId=${itemId} onClose=${onClose} /></div>
  <//>`;
}

/** A number of units and a reason, sent to `path`. `words(quantity)` says what was done. */
function Amount({ itemId, path, label, verb, least = 1, reasons = [], words, onClose, children }) {
  const { unit, name } = thing(itemId);
  const [quantity, setQuantity] = useState(null);
  const [reason, setReason] = useState("");
  const { run, busy, problem } = useAct();
  const save = async (event) => {
    event.preventDefault();
    if (quantity === null || quantity < least) return;
    const body = { quantity, ...(reason.trim() ? { reason: reason.trim() } : {}) };
    const level = await run((key) => command(`/stock/${itemId}/${path}`, body, { key }), body);
    if (!level) return;
    toast(`${name}: ${words(quantity, level)}`, { tone: "good" });
    onClose();
  };
  const format = (number) => stockAmount(number, unit);
  return html`<form class="stack" onSubmit=${save}>
    ${children}
    <${MoneyPad} label=${`${label}${unitName(unit) ? ` (${unitName(unit)})` : ""}`} name="quantity" value=${quantity} onChange=${setQuantity} max=${TYPED_MAX} format=${format} focus disabled=${busy}>
      ${reasons.length > 0 && html`<div class="quick">${reasons.map((one) => html`<button type="button" key=${one} aria-pressed=${reason === one} onClick=${() => setReason(one)}>${one}</button>`)}</div>`}
      <label class="field">Reason${reasons.length ? "" : " (may be empty)"} <input name="reason" maxlength=${REASON_MAX} required=${reasons.length > 0} value=${reason} onInput=${(event) => setReason(event.target.value)} /></label>
    <//>
    <${Refusal} problem=${problem} />
    <button class="primary big" disabled=${busy || quantity === null || quantity < least}>${verb}</button>
  </form>`;
}

/** Blind, unless somebody wants to see what should be there. */
function Count({ itemId, onClose }) {
  const [seen, setSeen] = useState(false);
  const { level, unit } = thing(itemId);
  // As it was when the counting began: what is sold meanwhile is no error of the count.
  const [expected] = useState(level?.on_hand ?? null);
  const words = (quantity) => {
    const off = expected === null ? 0 : quantity - expected;
    return off ? `counted, ${stockAmount(Math.abs(off), unit)} ${off > 0 ? "more" : "fewer"} than expected` : "counted";
  };
  return html`<${Amount} itemId=${itemId} path="count" label="On the shelf, those for orders included" verb="Save the count" least=${0} words=${words} onClose=${onClose}>
    ${!level && html`<p class="notice">From now on it is counted: orders take from what you found, and it sells out at nothing.</p>`}
    ${level && html`<label class="tick"><input type="checkbox" name="expected" checked=${seen} onChange=${() => setSeen(!seen)} /><span>Show what should be there</span></label>`}
    ${level && seen && html`<p class="notice" role="status" data-expected=${level.on_hand}>There should be <strong>${stockAmount(level.on_hand, unit)}</strong>, of which orders hold ${stockAmount(level.reserved, unit)}.</p>`}
  <//>`;
}

function Waste({ itemId, onClose }) {
  const { unit } = thing(itemId);
  return html`<${Amount} itemId=${itemId} path="waste" label="Thrown away" verb="Save the waste" reasons=${WASTE_REASONS} onClose=${onClose}
    words=${(quantity, level) => `${stockAmount(quantity, unit)} thrown away, ${stockAmount(level.available, unit)} left`} />`;
}

function Delivery({ itemId, onClose }) {
  const { unit } = thing(itemId);
  return html`<${Amount} itemId=${itemId} path="delivery" label="Came" verb="Save the delivery" onClose=${onClose}
    words=${(quantity, level) => `${stockAmount(quantity, unit)} came, ${stockAmount(level.available, unit)} there now`} />`;
}

/** What happens when there is none left, and from where on it is low. */
function Rules({ itemId, onClose }) {
  const { level, name, unit } = thing(itemId);
  const [policy, setPolicy] = useState(level.policy);
  const [point, setPoint] = useState(level.reorder_point);
  const { run, busy, problem } = useAct();
  const save = async (event) => {
    event.preventDefault();
    const body = { policy, reorder_point: point ?? 0 };
    if (!(await run((key) => command(`/stock/${itemId}/policy`, body, { method: "PUT", key }), body))) return;
    toast(`${name}: rules saved`, { tone: "good" });
    onClose();
  };
  return html`<form class="stack" onSubmit=${save}>
    <div class="field">An order of more than there is <${Segmented} label="An order of more than there is" value=${policy} options=${POLICIES} onChange=${setPolicy} /></div>
    <${NumberField} label="Low at (0: never)" name="reorder-point" unit=${unitName(unit)} value=${point} max=${QUANTITY_MAX} onChange=${setPoint} focus />
    <${Refusal} problem=${problem} />
    <button class="primary big" disabled=${busy || point === null}>Save</button>
  </form>`;
}
