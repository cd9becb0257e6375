// Guests who sit down elsewhere, and orders that become one: what goes where.
import { isClosed } from "../channels.js";
import { money } from "../money.js";
import { may } from "../session.js";
import { count, plain, tableStateName } from "../text.js";
import { Dialog, Refusal, rove, Segmented, toast } from "../ui.js";
import { html, useState } from "../view.js";
import { useCommand } from "./command.js";
import { closeDialog, dialog, learnOrder, openOrders, orderOf, sections } from "./shop.js";

const left = (order) => order.lines.filter((line) => !line.voided);
const seatsOf = (order) => [...new Set(left(order).map((line) => line.seat).filter(Boolean))].sort((a, b) => a - b);

/** The names of all tables that its guests sit at: "4", or "4 + 5" where orders were merged. */
export function tablesOf(order) {
  const names = [order.table?.name, ...(order.merged || []).map((one) => one.table?.name)].filter(Boolean).map(plain);
  return [...new Set(names)].join(" + ");
}

/** What of the order goes, and to which table. */
export function TransferDialog({ id }) {
  const order = orderOf(id);
  const [what, setWhat] = useState("all");
  const [chosen, setChosen] = useState([]);
  const { run, busy, problem } = useCommand();
  if (!order) return null;
  const seats = seatsOf(order);
  const lines = left(order);
  const parts = order.lifecycle === "validated" && lines.length > 1;
  const ways = [
    { value: "all", label: "All of it" },
    { value: "seats", label: "Seats" },
    { value: "lines", label: "Lines" },
  ].filter(({ value }) => value !== "seats" || seats.length > 1);
  const toggle = (one) => setChosen(chosen.includes(one) ? chosen.filter((other) => other !== one) : [...chosen, one]);
  const move = async (table) => {
    const wanted = { seats: { seats: chosen }, lines: { line_ids: chosen } }[what] || {};
    const moved = await run(`/orders/${id}/transfer`, { table_id: table.id, ...wanted });
    if (!moved) return;
    learnOrder(moved);
    toast(what === "all" ? `Order ${order.number ?? ""} is at table ${plain(table.name)}` : `It is on order ${moved.number} at table ${plain(table.name)} now`, { tone: "good" });
    closeDialog();
  };
  const choice = { seats, lines: lines.map((line) => line.id) }[what];
  const waits = what !== "all" && !chosen.length;
  return html`<${Dialog} title=${`Order ${order.number ?? ""}: to which table?`} name="transfer" wide onClose=${() => (dialog.value = { name: "order", id })}>
    <div class="stack">
      ${
        parts &&
        html`<${Segmented} label="What goes" value=${what} options=${ways} onChange=${(value) => {
          setWhat(value);
          setChosen([]);
        }} />`
      }
      ${
        what !== "all" &&
        html`<div class="split-lines" onKeyDown=${(event) => rove(event)}>
          ${choice.map((one) => html`<${Part} key=${one} order=${order} part=${one} on=${chosen.includes(one)} onPick=${() => toggle(one)} />`)}
        </div>`
      }
      <${Refusal} problem=${problem} />
      ${sections.value.map(
        (section) => html`<section key=${section.id} aria-label=${plain(section.name)}>
          <h3><bdi>${plain(section.name)}</bdi></h3>
          <div class="table-choice" onKeyDown=${(event) => rove(event)}>
            ${section.tables.map(
              (table) => html`<button key=${table.id} data-table=${table.name} data-state=${table.state}
                disabled=${busy || waits || (what === "all" && table.id === order.table?.id && !order.merged)} onClick=${() => move(table)}>
                <strong><bdi>${plain(table.name)}</bdi></strong><small>${tableStateName(table.state)}</small></button>`,
            )}
          </div>
        </section>`,
      )}
    </div>
  <//>`;
}

/** A seat with what was ordered there, or a line. */
function Part({ order, part, on, onPick }) {
  const lines = left(order).filter((line) => line.id === part || line.seat === part);
  const names = lines.map((line) => `${line.quantity} ${plain(line.name)}`).join(", ");
  const cost = lines.reduce((sum, line) => sum + line.gross_minor - line.discount_minor, 0);
  const isSeat = typeof part === "number";
  return html`<button type="button" class="split-line" data-part=${part} aria-pressed=${on} onClick=${onPick}>
    <span>${isSeat ? `Seat ${part}` : html`<bdi>${names}</bdi>`}</span><span class="quiet">${money(cost, order.currency)}</span>
    ${isSeat && html`<small><bdi>${names}</bdi></small>`}
  </button>`;
}

/** The way to orders that are paid together, and back. */
export function MergeButtons({ order }) {
  const { run, busy, problem } = useCommand();
  if (order.lifecycle !== "validated" || !may("orders.place")) return null;
  const apart = async () => {
    const alone = await run(`/orders/${order.id}/unmerge`);
    if (!alone) return;
    learnOrder(alone);
    toast(`${count(order.merged.length, "order")} taken out of order ${order.number}`, { tone: "good" });
  };
  return html`${
    mergeable(order).length > 0 &&
    html`<button type="button" class="ghost" onClick=${() => (dialog.value = { name: "merge", id: order.id })}>Merge</button>`
  }
    ${order.merged && html`<button type="button" class="ghost" disabled=${busy} onClick=${apart}>Take apart</button>`}
    <${Refusal} problem=${problem} />`;
}

/** Open orders that can become part of this one. */
function mergeable(order) {
  return openOrders.value.filter(
    (other) =>
      other.id !== order.id &&
      other.lifecycle === "validated" &&
      other.order_type === order.order_type &&
      !other.totals.paid_minor &&
      !other.split &&
      !other.merged,
  );
}

export function MergeDialog({ id }) {
  const order = orderOf(id);
  const [chosen, setChosen] = useState([]);
  const { run, busy, problem } = useCommand();
  if (!order || isClosed(order)) return null;
  const others = mergeable(order);
  const picked = others.filter((other) => chosen.includes(other.id));
  const total = picked.reduce((sum, other) => sum + other.totals.total_minor, order.totals.total_minor);
  const toggle = (one) => setChosen(chosen.includes(one) ? chosen.filter((other) => other !== one) : [...chosen, one]);
  const back = () => (dialog.value = { name: "order", id });
  const merge = async (event) => {
    event.preventDefault();
    const whole = await run(`/orders/${id}/merge`, { order_ids: picked.map((other) => other.id) });
    if (!whole) return;
    learnOrder(whole);
    toast(`One bill: order ${order.number}`, { tone: "good" });
    back();
  };
  return html`<${Dialog} title=${`Order ${order.number}: with which others?`} name="merge" wide onClose=${back}>
    <form class="stack" onSubmit=${merge}>
      <p class="quiet">Their lines, guests and tables come to order ${order.number}. Until it is paid they can be taken apart again.</p>
      <div class="split-lines" onKeyDown=${(event) => rove(event)}>
        ${others.map(
          (other) => html`<button type="button" key=${other.id} class="split-line" data-order=${other.number} aria-pressed=${chosen.includes(other.id)} onClick=${() => toggle(other.id)}>
            <span>Order ${other.number}${other.table ? html` · table <bdi>${plain(other.table.name)}</bdi>` : ""}</span>
            <span class="quiet">${money(other.totals.total_minor, other.currency)}</span>
            <small><bdi>${left(other).map((line) => `${line.quantity} ${plain(line.name)}`).join(", ")}</bdi></small>
          </button>`,
        )}
      </div>
      <${Refusal} problem=${problem} />
      <button class="primary big" disabled=${busy || !picked.length}>${picked.length ? `One bill of ${money(total, order.currency)}` : "Choose an order"}</button>
    </form>
  <//>`;
}

/** Which orders are part of it, or which it is part of. */
export function MergedNote({ order }) {
  if (order.merged_into) return html`<p class="notice">Part of order ${order.merged_into.number}.</p>`;
  if (!order.merged) return null;
  const words = order.merged.map((one) => `order ${one.number}${one.table?.name ? ` (table ${plain(one.table.name)})` : ""}`);
  return html`<p class="notice merged-note">Together with <bdi>${words.join(", ")}</bdi>.</p>`;
}
