// Taking money for an order: how, how much, and the change.
import { command, get } from "../api.js";
import { newId } from "../ids.js";
import { money, parseMoney, quickCash } from "../money.js";
import { say } from "../problem.js";
import { currency } from "../session.js";
import { methodName } from "../text.js";
import { Dialog, toast } from "../ui.js";
import { html, useState } from "../view.js";
import { closeDialog, drawer, learnOrder, orderOf, view } from "./shop.js";

export function Pay({ id }) {
  const order = orderOf(id);
  // One attempt has one id and one key, however often it is sent.
  const [payment, setPayment] = useState(() => ({ id: newId(), state: "asking", problem: null, answer: null }));
  const [typed, setTyped] = useState("");
  if (!order) return null;
  const due = order.totals.due_minor;
  const unit = currency.value;
  const take = async (tendered) => {
    setPayment({ ...payment, state: "taking", problem: null });
    const body = { id: payment.id, method: "cash", tendered_minor: tendered, till_session_id: drawer.value.id };
    if (tendered < due) body.amount_minor = tendered;
    try {
      const answer = await command(`/orders/${order.id}/payments`, body, { key: payment.id });
      setPayment({ ...payment, state: "taken", problem: null, answer });
      get(`/orders/${order.id}`).then(learnOrder, (problem) => console.info("the order is read later:", problem.code));
    } catch (problem) {
      // Without an answer it may have happened: the same attempt is repeated. A refusal ends it.
      const next = problem.passing ? payment.id : newId();
      setPayment({ id: next, state: problem.passing ? "unknown" : "asking", problem, answer: null });
    }
  };
  if (payment.state === "taken") return html`<${Taken} order=${order} answer=${payment.answer} />`;
  const tendered = typed === "" ? null : parseMoney(typed, unit);
  return html`<${Dialog} title=${`Pay order ${order.number ?? ""}`} name="pay" onClose=${closeDialog}>
    <div class="stack">
      <p class="due"><small>Due</small><output name="due">${money(due, unit)}</output></p>
      ${due === 0 && html`<p class="notice good">This order is paid.</p>`}
      ${due > 0 && !drawer.value && html`<${NoDrawer} />`}
      ${
        due > 0 &&
        drawer.value &&
        html`<${Cash} due=${due} typed=${typed} setTyped=${setTyped} tendered=${tendered} take=${take} payment=${payment} />`
      }
      ${payment.problem && html`<p class="notice bad" role="alert">${said(payment)}</p>`}
    </div>
  <//>`;
}

function said(payment) {
  if (payment.state !== "unknown") return say(payment.problem);
  return "No answer came, so we do not know yet whether it was taken. Try again: it is only taken once.";
}

function NoDrawer() {
  const open = () => {
    closeDialog();
    view.value = "drawer";
  };
  return html`<p class="notice">Cash goes into an open till. <button class="link" onClick=${open}>Open or choose a till</button></p>`;
}

function Cash({ due, typed, setTyped, tendered, take, payment }) {
  const unit = currency.value;
  const busy = payment.state === "taking";
  const key = (digit) => setTyped(digit === "⌫" ? typed.slice(0, -1) : typed + digit);
  const change = tendered === null ? null : tendered - due;
  return html`<div class="cash">
    <div class="stack">
      <h3>${methodName("cash")}</h3>
      <div class="quick">
        <button class="exact" disabled=${busy} onClick=${() => take(due)}>Exact ${money(due, unit)}</button>
        ${quickCash(due).map(
          (amount) =>
            html`<button key=${amount} disabled=${busy} onClick=${() => take(amount)}>${money(amount, unit)}</button>`,
        )}
      </div>
      <label class="field">Given
        <input name="tendered" inputmode="decimal" autocomplete="off" value=${typed} placeholder="0.00"
          onInput=${(event) => setTyped(event.target.value)} />
      </label>
      ${change !== null && change >= 0 && html`<p class="change-line">Change <strong>${money(change, unit)}</strong></p>`}
      ${change !== null && change < 0 && html`<p class="quiet">${money(-change, unit)} stays due</p>`}
      <button class="primary big" disabled=${busy || !tendered} onClick=${() => take(tendered)}>
        ${busy ? "Taking…" : change !== null && change < 0 ? "Take as part payment" : "Take cash"}
      </button>
    </div>
    <div class="keypad" aria-label="Number pad">
      ${[..."123456789.0⌫"].map(
        (digit) =>
          html`<button key=${digit} disabled=${busy} aria-label=${digit === "⌫" ? "Delete" : digit} onClick=${() => key(digit)}>${digit}</button>`,
      )}
    </div>
  </div>`;
}

function Taken({ order, answer }) {
  const unit = currency.value;
  const left = answer.bill ? answer.bill.due_minor : order.totals.due_minor;
  return html`<${Dialog} title=${`Order ${order.number ?? ""}`} name="taken" onClose=${closeDialog}>
    <div class="stack center">
      <p class="due"><small>Change</small><output name="change">${money(answer.change_minor ?? 0, unit)}</output></p>
      <p class="quiet">${money(answer.amount_minor, unit)} taken in cash</p>
      ${left > 0 && html`<p class="notice">${money(left, unit)} is still due.</p>`}
      <button class="primary big" autofocus onClick=${closeDialog}>Done</button>
    </div>
  <//>`;
}

/** Completes an order: everything is handed over and paid. */
export async function complete(order) {
  try {
    learnOrder(await command(`/orders/${order.id}/complete`));
    toast(`Order ${order.number} is done`, { tone: "good" });
  } catch (problem) {
    toast(say(problem), { tone: "bad" });
  }
}
