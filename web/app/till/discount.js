// What is taken off an order that is under way: how much, off what, why; and what was taken off, to be taken back.
import { command } from "../api.js";
import { newId } from "../ids.js";
import { money, percent } from "../money.js";
import { say } from "../problem.js";
import { plain } from "../text.js";
import { Dialog, MoneyPad, Refusal, rove, Segmented, toast, toastUndo } from "../ui.js";
import { html, useState } from "../view.js";
import { approvedCommand } from "./approval.js";
import { useCommand } from "./command.js";
import { dialog, learnOrder, orderOf } from "./shop.js";

const REASON_MAX = 200;
const REASONS = ["Waited long", "Not as ordered", "Regular guest", "Staff meal"];
const KINDS = [
  { value: "percent", label: "Percent" },
  { value: "amount", label: "Amount" },
  { value: "comp", label: "On the house" },
];
const PERCENT_MAX = 100;
const QUICK_PERCENT = [5, 10, 20, 50];
const BASIS_POINTS = 100;

const open = (order) => {
  dialog.value = { name: "discount", id: order.id };
};

/** The way to the dialog, of an order that is open. */
export function DiscountButton({ order }) {
  return html`<button type="button" class="ghost" onClick=${() => open(order)}>Discount</button>`;
}

/** "10 % off", "£5.00 off" or "On the house". */
export function discountWords({ kind, value_bp: basisPoints, value_minor: minor }, currency) {
  if (kind === "comp") return "On the house";
  return `${kind === "percent" ? percent(basisPoints) : money(minor, currency)} off`;
}

/** What was taken off, as rows under the lines of a bill. `closed`: it stays. */
export function DiscountRows({ order, closed }) {
  // What an older server told, and this device kept, says nothing of them.
  return (order.discounts ?? []).map(
    (one) => html`<tr key=${one.id} class="discount" data-discount=${one.id}><td></td>
      <td>${one.promotion ? html`<bdi>${plain(one.promotion.name)}</bdi>` : discountWords(one, order.currency)}
        <small><bdi>${about(one, order)}</bdi></small>
        ${!closed && !one.promotion && html`<${TakeBack} order=${order} discount=${one} />`}</td>
      <td>${money(-one.amount_minor, order.currency)}</td></tr>`,
  );
}

function about(discount, order) {
  if (discount.promotion) return discountWords(discount, order.currency);
  const line = order.lines.find((one) => one.id === discount.line_id);
  const people = [discount.by?.name, discount.approved_by && `approved by ${discount.approved_by.name}`];
  return plain([line?.name, discount.reason, ...people].filter(Boolean).join(" · "));
}

function TakeBack({ order, discount }) {
  const [busy, setBusy] = useState(false);
  const press = async () => {
    setBusy(true);
    await takeBack(order, discount);
    setBusy(false);
  };
  return html`<button type="button" class="link" disabled=${busy} onClick=${press}>Take back</button>`;
}

/** Takes it back; for some seconds it can be given again as it was. */
async function takeBack(order, discount) {
  const what = discountWords(discount, order.currency);
  try {
    learnOrder(await command(`/orders/${order.id}/discounts/${discount.id}`, undefined, { method: "DELETE" }));
    toastUndo(`${what} taken back`, () => giveAgain(order, discount));
  } catch (problem) {
    toast(`${what}: ${say(problem)}`, { tone: "bad" });
  }
}

async function giveAgain(order, { kind, value_bp, value_minor, line_id, reason }) {
  const body = bodyOf({ kind, value: kind === "percent" ? value_bp : value_minor, lineId: line_id, reason });
  const what = discountWords({ kind, value_bp, value_minor }, order.currency);
  try {
    learnOrder(await approvedCommand(`/orders/${order.id}/discounts`, body, { key: newId(), what }));
  } catch (problem) {
    toast(`${what}: ${say(problem)}`, { tone: "bad" });
  }
}

function bodyOf({ kind, value, lineId, reason }) {
  return {
    kind,
    ...(kind === "percent" ? { value_bp: value } : {}),
    ...(kind === "amount" ? { amount_minor: value } : {}),
    ...(lineId ? { line_id: lineId } : {}),
    reason,
  };
}

/** `id`: of the order. */
export function DiscountDialog({ id }) {
  const order = orderOf(id);
  const [lineId, setLineId] = useState("");
  const [kind, setKind] = useState("percent");
  const [value, setValue] = useState(null);
  const [reason, setReason] = useState("");
  const { run, busy, problem } = useCommand();
  if (!order) return null;
  const back = () => (dialog.value = orderOf(id) ? { name: "order", id } : null);
  const choose = (next) => {
    setKind(next);
    setValue(null);
  };
  const ready = reason.trim() && (kind === "comp" || value);
  const give = async (event) => {
    event.preventDefault();
    if (!ready) return;
    const said = { kind, value: kind === "percent" ? value * BASIS_POINTS : value, lineId, reason: reason.trim() };
    const words = discountWords({ kind, value_bp: said.value, value_minor: said.value }, order.currency);
    const known = new Set((order.discounts ?? []).map((one) => one.id));
    const reduced = await run(`/orders/${order.id}/discounts`, bodyOf(said), words);
    if (!reduced) return;
    learnOrder(reduced);
    const given = reduced.discounts.find((one) => !known.has(one.id));
    back();
    toastUndo(`${words}: order ${order.number ?? ""} is now ${money(reduced.totals.total_minor, order.currency)}`, () =>
      given ? takeBack(reduced, given) : null,
    );
  };
  return html`<${Dialog} title=${`Discount on order ${order.number ?? ""}`} name="discount" wide onClose=${back}>
    <form class="stack" onSubmit=${give}>
      <${OffWhat} order=${order} value=${lineId} onChange=${setLineId} />
      <${Segmented} label="Kind of discount" value=${kind} options=${KINDS} onChange=${choose} />
      ${kind === "percent" && html`<${PercentPad} value=${value} onChange=${setValue} disabled=${busy} />`}
      ${
        kind === "amount" &&
        html`<${MoneyPad} label="Amount off" name="amount" value=${value} onChange=${setValue} currency=${order.currency}
          max=${mostOff(order, lineId)} disabled=${busy} focus />`
      }
      <label class="field">Why
        <input name="reason" maxlength=${REASON_MAX} required value=${reason} onInput=${(event) => setReason(event.target.value)} /></label>
      <div class="quick reasons">
        ${REASONS.map((one) => html`<button type="button" key=${one} onClick=${() => setReason(one)}>${one}</button>`)}
      </div>
      <${Refusal} problem=${problem} />
      <div class="row spread"><button type="button" class="ghost" onClick=${back}>Cancel</button>
        <button class="primary big" disabled=${busy || !ready}>${busy ? "Giving…" : "Give discount"}</button></div>
    </form>
  <//>`;
}

/** The whole order, or one of its lines. */
function OffWhat({ order, value, onChange }) {
  const lines = order.lines.filter((line) => !line.voided);
  const choices = [{ id: "", name: "Whole order", minor: order.totals.goods_minor }].concat(
    lines.map((line) => ({
      id: line.id,
      name: `${line.quantity} × ${plain(line.name)}`,
      minor: line.gross_minor - line.discount_minor,
    })),
  );
  return html`<div class="option-grid off-what" role="radiogroup" aria-label="Off what" onKeyDown=${(event) => rove(event, ".option")}>
    ${choices.map(
      (one) => html`<button type="button" key=${one.id} class="option" role="radio" aria-checked=${one.id === value}
        tabindex=${one.id === value ? 0 : -1} onClick=${() => onChange(one.id)}><bdi>${one.name}</bdi>
        <small>${money(one.minor, order.currency)}</small></button>`,
    )}
  </div>`;
}

function mostOff(order, lineId) {
  const line = order.lines.find((one) => one.id === lineId);
  return line ? line.gross_minor : order.totals.goods_minor + order.totals.discount_minor;
}

function PercentPad({ value, onChange, disabled }) {
  const format = (whole) => `${whole} %`;
  return html`<${MoneyPad} label="Percent off" name="percent" value=${value} onChange=${onChange} format=${format}
    max=${PERCENT_MAX} quick=${QUICK_PERCENT.map((one) => ({ label: format(one), minor: one }))} disabled=${disabled} focus />`;
}

/** What is taken off a basket that is not sent yet, by the server's word: promotions. */
export function QuotedDiscounts({ quote }) {
  return (quote.discounts ?? [])
    .filter((one) => one.amount_minor > 0)
    .map(
      (one) => html`<div class="sum discount" key=${one.id}><span><bdi>${plain(one.promotion?.name ?? "Discount")}</bdi></span>
        <span>${money(-one.amount_minor, quote.currency)}</span></div>`,
    );
}
