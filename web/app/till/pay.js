// Taking money for an order: how, how much, and the change.
import { get } from "../api.js";
import { newId } from "../ids.js";
import { money, mostCash, quickCash } from "../money.js";
import { say } from "../problem.js";
import { currency } from "../session.js";
import { methodName } from "../text.js";
import { Dialog, MoneyPad } from "../ui.js";
import { html, useState } from "../view.js";
import { approvedCommand } from "./approval.js";
import { closeDialog, drawer, learnOrder, orderOf, view } from "./shop.js";
import { backFromPaying, checkName, checkOf } from "./split.js";
import { SendNow, unfired } from "./unfired.js";

/** `check`: the id of the one that is paid; without it all that is due. */
export function Pay({ id, check: checkId }) {
  const order = orderOf(id);
  const check = order && checkId ? checkOf(order, checkId) : null;
  // One attempt has one id and one key, however often it is sent.
  const [payment, setPayment] = useState(() => ({ id: newId(), state: "asking", problem: null, answer: null, body: null }));
  const [given, setGiven] = useState(null);
  if (!order) return null;
  const due = checkId ? (check?.due_minor ?? 0) : order.totals.due_minor;
  const unit = currency.value;
  const close = () => backFromPaying(id, checkId);
  const take = async (tendered) => {
    if (payment.state === "taking") return;
    // What may have been done already is repeated as it was.
    const body = payment.body ?? bodyOf(payment.id, tendered, due, checkId);
    setPayment({ ...payment, state: "taking", problem: null, body });
    try {
      const what = `Taking ${money(tendered, unit)}`;
      const answer = await approvedCommand(`/orders/${order.id}/payments`, body, { key: payment.id, what });
      setPayment({ ...payment, state: "taken", problem: null, answer });
      get(`/orders/${order.id}`).then(learnOrder, (problem) => console.info("the order is read later:", problem.code));
    } catch (problem) {
      // Without an answer it may have happened: the same attempt is repeated. A refusal ends it.
      const next = problem.passing ? payment.id : newId();
      const kept = problem.passing ? body : null;
      setPayment({ id: next, state: problem.passing ? "unknown" : "asking", problem, answer: null, body: kept });
    }
  };
  if (payment.state === "taken") return html`<${Taken} order=${order} answer=${payment.answer} close=${close} />`;
  const what = check ? `${checkName(check)} of order` : "order";
  return html`<${Dialog} title=${`Pay ${what} ${order.number ?? ""}`} name="pay" wide onClose=${close}>
    <div class="stack">
      <p class="due"><small>Due</small><output name="due">${money(due, unit)}</output></p>
      ${due === 0 && html`<p class="notice good">This ${checkId ? "check" : "order"} is ${checkId && !check ? "another one now" : "paid"}.</p>`}
      ${due > 0 && !drawer.value && html`<${NoDrawer} />`}
      ${due > 0 && drawer.value && html`<${Cash} due=${due} given=${given} setGiven=${setGiven} take=${take} payment=${payment} />`}
      ${payment.problem && html`<p class="notice bad" role="alert">${said(payment)}</p>`}
      ${
        unfired(order) === "payment" &&
        html`<div class="row spread"><span class="quiet">The kitchen starts when it is paid.</span><${SendNow} order=${order} /></div>`
      }
    </div>
  <//>`;
}

/** The amount is what the guest was told, also where payments has not heard yet that the bill has changed. */
function bodyOf(id, tendered, due, checkId) {
  return {
    ...(checkId && { check_id: checkId }),
    id,
    method: "cash",
    amount_minor: Math.min(tendered, due),
    tendered_minor: tendered,
    till_session_id: drawer.value.id,
  };
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
  return html`<p class="notice">Cash goes into an open till. <button class="link" data-focus onClick=${open}>Open or choose a till</button></p>`;
}

function Cash({ due, given, setGiven, take, payment }) {
  const unit = currency.value;
  const busy = payment.state === "taking";
  const [hint, setHint] = useState("");
  const change = given === null ? null : given - due;
  const enter = (event) => {
    event.preventDefault();
    if (given === null) setHint("Type what the guest gave, or press Exact.");
    else if (change < 0) setHint(`${money(given, unit)} is less than what is due: take it as a part, or type the pence too.`);
    else take(given);
  };
  const type = (minor) => {
    setHint("");
    setGiven(minor);
  };
  const quick = [
    { label: `Exact ${money(due, unit)}`, minor: due, run: take, wide: true },
    ...quickCash(due).map((minor) => ({ label: money(minor, unit), minor, run: take })),
  ];
  return html`<form class="stack" onSubmit=${enter}>
    <h3>${methodName("cash")}</h3>
    <${MoneyPad} label="Given" name="tendered" value=${given} onChange=${type} currency=${unit} max=${mostCash(due)}
      quick=${quick} disabled=${busy} focus>
      ${change !== null && change >= 0 && html`<p class="change-line">Change <strong>${money(change, unit)}</strong></p>`}
      ${change !== null && change < 0 && html`<p class="quiet">${money(-change, unit)} stays due</p>`}
      ${hint && html`<p class="hint bad" role="alert">${hint}</p>`}
    <//>
    ${
      change !== null && change < 0
        ? html`<button type="button" class="big" disabled=${busy || !given} onClick=${() => take(given)}>
          ${busy ? "Taking…" : `Take ${money(given, unit)} as part payment`}</button>`
        : html`<button class="primary big" disabled=${busy || !given}>${busy ? "Taking…" : "Take cash"}</button>`
    }
  </form>`;
}

function Taken({ order, answer, close }) {
  const unit = currency.value;
  const left = answer.bill ? answer.bill.due_minor : order.totals.due_minor;
  return html`<${Dialog} title=${`Order ${order.number ?? ""}`} name="taken" onClose=${close}>
    <div class="stack center">
      <p class="due"><small>Change</small><output name="change">${money(answer.change_minor ?? 0, unit)}</output></p>
      <p class="quiet">${money(answer.amount_minor, unit)} taken in cash</p>
      ${left > 0 && html`<p class="notice">${money(left, unit)} is still due.</p>`}
      <button class="primary big" data-focus onClick=${close}>Done</button>
    </div>
  <//>`;
}
