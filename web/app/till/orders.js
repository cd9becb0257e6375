// Orders that are under way, those that wait to be sent, and the latest that are over.
import { isClosed } from "../channels.js";
import { elapsed, now, timeOfDay } from "../clock.js";
import { refill, setBasket } from "../basket.js";
import { asOptions, picked } from "../choice.js";
import { itemOf } from "../menu.js";
import { money } from "../money.js";
import { dismissRefused, refused, waiting } from "../outbox.js";
import { say } from "../problem.js";
import { may, restaurant } from "../session.js";
import { count, orderTypeName, plain, stateName } from "../text.js";
import { Dialog, Refusal, rove, toast } from "../ui.js";
import { html, useState } from "../view.js";
import { AllergyButton, AllergyNote } from "./allergy.js";
import { DiscountButton, DiscountRows } from "./discount.js";
import { NoteButton, OrderNote } from "./note.js";
import { useCommand } from "./command.js";
import { BillLine } from "./lines.js";
import { OrderMore } from "./more.js";
import { OrderPapers } from "./paper.js";
import { closeDialog, closedOrders, dialog, learnOrder, openOrders, orderOf, tables, view } from "./shop.js";
import { Coming, PromiseButton, PromiseChip, TypeSwitch } from "./promise.js";
import { SplitButton, SplitChip } from "./split.js";
import { OrderTable } from "./tables.js";
import { MergeButtons, MergedNote, tablesOf } from "./transfer.js";
import { SendNow, UnfiredChip } from "./unfired.js";

const CLOSED_SHOWN = 12;

export function Orders() {
  const open = openOrders.value;
  const closed = closedOrders.value.slice(0, CLOSED_SHOWN);
  return html`<section class="orders" aria-label="Orders">
    <${Unsent} />
    <${Coming} />
    <h2>Open orders <small class="quiet">${open.length}</small></h2>
    ${open.length === 0 && html`<p class="empty">No open orders. Everything is served and paid.</p>`}
    <div class="cards" onKeyDown=${(event) => rove(event, ".card-head")}>${open.map((order) => html`<${Card} key=${order.id} order=${order} />`)}</div>
    ${closed.length > 0 && html`<h2>Done</h2>`}
    <ul class="closed" onKeyDown=${(event) => rove(event)}>
      ${closed.map(
        (order) => html`<li key=${order.id}><button class="closed-order" onClick=${() => show(order)}>
          <strong>${order.number ?? "–"}</strong><span>${stateName(order.state)}</span>
          <span class="quiet">${timeOfDay(order.completed_at || order.updated_at || order.created_at, restaurant.value.timezone)}</span>
          <span>${money(order.totals.total_minor, order.currency)}</span>
        </button></li>`,
      )}
    </ul>
  </section>`;
}

const show = (order) => {
  dialog.value = { name: "order", id: order.id };
};
const pay = (order) => {
  dialog.value = { name: order.split ? "split" : "pay", id: order.id };
};

function Unsent() {
  if (!waiting.value.length && !refused.value.length) return null;
  return html`<div class="stack">
    ${
      waiting.value.length > 0 &&
      html`<p class="notice warn" role="status">${count(waiting.value.length, "order")} waiting to be sent. Kept on this device; sent again by itself.</p>`
    }
    ${refused.value.map(
      (entry) => html`<p class="notice bad" role="alert" key=${entry.id}>
        An order of ${count(entry.body.lines.length, "line")} was not accepted: ${say(entry.problem)}
        <button class="link" onClick=${() => takeBack(entry)}>Back to the basket</button>
        <button class="link" onClick=${() => dismissRefused(entry.id)}>Drop it</button>
      </p>`,
    )}
  </div>`;
}

function takeBack(entry) {
  const lines = entry.body.lines.flatMap((line) => {
    const item = itemOf(line.item_id);
    if (!item) return [];
    const chosen = Object.fromEntries(line.options.map(({ option_id, quantity }) => [option_id, quantity]));
    const options = asOptions(picked(item, chosen));
    return [{ ...line, options, name: item.name, unit_minor: item.price_minor, note: line.note || "" }];
  });
  refill(lines);
  const table = tables.value[entry.body.table_id];
  setBasket({
    guest_allergy: entry.body.guest_allergy || null,
    note: entry.body.note || "",
    scheduled_for: entry.body.scheduled_for || null,
    customer_name: entry.body.customer_name || "",
    table: table ? { id: table.id, name: table.name } : null,
  });
  dismissRefused(entry.id);
  view.value = "sell";
}

function Card({ order }) {
  const due = order.totals.due_minor;
  const units = order.lines.filter((line) => !line.voided).map((line) => `${line.quantity} ${plain(line.name)}`);
  return html`<article class="card" data-order=${order.id} data-number=${order.number} data-state=${order.state}>
    <button class="card-head" onClick=${() => show(order)} aria-label=${`Order ${order.number}`}>
      <span class="number">${order.number ?? "–"}</span>
      <span>${orderTypeName(order.order_type)}${tablesOf(order) ? html` · table <bdi>${tablesOf(order)}</bdi>` : ""}</span>
      <span class="quiet age">${elapsed(order.created_at, now.value)}</span>
    </button>
    <${AllergyNote} order=${order} />
    <${OrderNote} order=${order} />
    <p class="card-lines"><bdi>${units.join(", ")}</bdi></p>
    <p class="chips">
      <span class="chip ${order.state}">${stateName(order.state)}</span>
      ${due > 0 && html`<span class="chip unpaid">${money(due, order.currency)} due</span>`}
      ${due === 0 && order.state !== "paid" && html`<span class="chip paid">Paid</span>`}
      <${PromiseChip} order=${order} />
      <${SplitChip} order=${order} />
      <${UnfiredChip} order=${order} />
    </p>
    <${Actions} order=${order}><button class="ghost" onClick=${() => show(order)}>Details</button><//>
  </article>`;
}

/** What can be done with an open order, and why the last try was refused. */
function Actions({ order, children }) {
  const { run, busy, problem } = useCommand();
  const due = order.totals.due_minor;
  const handed = ["ready", "served", "none"].includes(order.kitchen_state);
  const complete = async () => {
    const done = await run(`/orders/${order.id}/complete`);
    if (!done) return;
    learnOrder(done);
    toast(`Order ${order.number} is done`, { tone: "good" });
  };
  return html`<div class="card-actions">
      ${due > 0 && may("payments.take") && html`<button class="primary" data-focus onClick=${() => pay(order)}>Pay</button>`}
      ${due === 0 && html`<button class="primary" data-focus disabled=${!handed || busy} onClick=${complete}>Complete</button>`}
      <${SendNow} order=${order} />
      ${children}
    </div>
    <${Refusal} problem=${problem} />`;
}

export function OrderDialog({ id }) {
  const order = orderOf(id);
  const [asking, setAsking] = useState(false);
  const [reason, setReason] = useState("");
  const { run, busy, problem } = useCommand();
  if (!order) return null;
  const cancel = async (event) => {
    event.preventDefault();
    const gone = await run(`/orders/${order.id}/cancel`, reason.trim() ? { reason: reason.trim() } : {});
    if (!gone) return;
    learnOrder(gone);
    toast(`Order ${order.number} is cancelled`);
    closeDialog();
  };
  const { totals, currency } = order;
  const closed = isClosed(order);
  return html`<${Dialog} title=${`Order ${order.number ?? ""}`} name="order" onClose=${closeDialog}>
    <div class="stack">
      <p class="chips"><span class="chip ${order.state}">${stateName(order.state)}</span>
        <span class="quiet">${orderTypeName(order.order_type)}${tablesOf(order) ? html` · table <bdi>${tablesOf(order)}</bdi>` : ""} · ${timeOfDay(order.created_at, restaurant.value.timezone)}</span></p>
      <div class="order-about">
        ${closed ? html`<${AllergyNote} order=${order} />` : html`<${AllergyButton} order=${order} />`}
        ${closed ? html`<${OrderNote} order=${order} />` : html`<${NoteButton} order=${order} />`}
        ${closed ? html`<p class="chips"><${PromiseChip} order=${order} /></p>` : html`<${PromiseButton} order=${order} />`}
        ${!closed && html`<${OrderTable} order=${order} />`}
        ${!closed && html`<${TypeSwitch} order=${order} />`}
      </div>
      <${MergedNote} order=${order} />
      <${OrderPapers} order=${order} />
      <table class="bill"><tbody>
        ${order.lines.map((line) => html`<${BillLine} key=${line.id} order=${order} line=${line} currency=${currency} closed=${closed} />`)}
        <${DiscountRows} order=${order} closed=${closed} />
      </tbody><tfoot>
        ${
          totals.service_charge_minor > 0 &&
          html`<tr><td></td><td>Service charge</td><td>${money(totals.service_charge_minor, currency)}</td></tr>`
        }
        <tr class="quiet"><td></td><td>VAT</td><td>${money(totals.vat_minor, currency)}</td></tr>
        <tr><td></td><th>Total</th><th>${money(totals.total_minor, currency)}</th></tr>
        ${totals.paid_minor > 0 && html`<tr><td></td><td>Paid</td><td>${money(totals.paid_minor, currency)}</td></tr>`}
        ${totals.due_minor > 0 && !closed && html`<tr><td></td><th>Due</th><th>${money(totals.due_minor, currency)}</th></tr>`}
      </tfoot></table>
      ${!closed && !asking && html`<${OrderMore} order=${order} />`}
      ${
        !closed &&
        !asking &&
        html`<${Actions} order=${order}>
          <${DiscountButton} order=${order} />
          <${SplitButton} order=${order} />
          <${MergeButtons} order=${order} />
          <button class="ghost danger" disabled=${!may("orders.cancel")} onClick=${() => setAsking(true)}>Cancel order</button>
        <//>`
      }
      ${
        asking &&
        html`<form class="stack" onSubmit=${cancel}>
        <label class="field">Why is it cancelled?
          <input name="reason" maxlength="200" required ref=${(field) => field && !reason && field.focus()} value=${reason}
            onInput=${(event) => setReason(event.target.value)} /></label>
        <${Refusal} problem=${problem}>${problem?.code === "refund_required" && html`<${Refund} order=${order} />`}<//>
        <div class="row spread"><button type="button" class="ghost" onClick=${() => setAsking(false)}>Keep it</button>
          <button class="danger big" disabled=${busy}>Cancel order ${order.number}</button></div>
      </form>`
      }
    </div>
  <//>`;
}

/** What stands in the way of a cancellation, and the way out. */
function Refund({ order }) {
  return html`<p>${money(order.totals.paid_minor, order.currency)} has been paid, so it stays open until that money is given back. This
    till cannot do that yet: tell a manager.</p>`;
}
