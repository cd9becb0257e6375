// The floor plan: which table is free, who sits where, and what they still owe.
import { basket, setBasket } from "../basket.js";
import { money } from "../money.js";
import { currency, may, restaurant } from "../session.js";
import { count, plain, tableStateName } from "../text.js";
import { Dialog, FloorTile, Refusal, rove, toast } from "../ui.js";
import { html } from "../view.js";
import { basketOpen } from "./basket_panel.js";
import { useCommand } from "./command.js";
import { Expected, ReservationsButton } from "./reservations.js";
import { closeDialog, dialog, learnTable, orderOf, sections, tables, view } from "./shop.js";
import { tablesOf } from "./transfer.js";

const ordersAt = (table) => table.order_ids.map(orderOf).filter(Boolean);
const dueAt = (table) => ordersAt(table).reduce((sum, order) => sum + order.totals.due_minor, 0);

export function Tables() {
  const all = sections.value;
  if (!all.length) {
    return html`<section class="floor" aria-label="Tables"><p class="empty">No tables are drawn yet. A manager adds them to the floor.</p></section>`;
  }
  return html`<section class="floor" aria-label="Tables">
    <${ReservationsButton} />
    ${all.map(
      (section) => html`<section key=${section.id} class="floor-section" aria-label=${plain(section.name)}>
        <h2><bdi>${plain(section.name)}</bdi> <small class="quiet">${free(section)} of ${count(section.tables.length, "table")} free</small></h2>
        <div class="plan" onKeyDown=${(event) => rove(event, ".table")}>
          ${section.tables.map((table) => html`<${Seen} key=${table.id} table=${table} onClick=${() => pick(table)} />`)}
        </div>
      </section>`,
    )}
  </section>`;
}

const free = (section) => section.tables.filter((table) => table.state === "free").length;

/** The tables whose guests sit together with those of this one. */
const joinedTo = (table) => (table.joined_table_ids || []).map((id) => tables.value[id]).filter(Boolean).map((other) => plain(other.name));

/** A table with what the floor alone does not say of it. */
function Seen({ table, onClick }) {
  const joined = joinedTo(table).join(", ");
  return html`<${FloorTile} table=${table} due=${dueAt(table)} currency=${currency.value} timeZone=${restaurant.value.timezone}
    onClick=${onClick} words=${joined && `together with ${joined}`}
    extra=${joined && html`<small class="table-joined">with <bdi>${joined}</bdi></small>`} />`;
}

/** Its one order; several to choose from, or what has to be cleared; else an order is begun there. */
function pick(table) {
  const orders = ordersAt(table);
  if (orders.length === 1 && table.order_ids.length === 1) dialog.value = { name: "order", id: orders[0].id };
  else if (table.order_ids.length || table.state === "dirty" || table.state === "reserved") dialog.value = { name: "table", id: table.id };
  else begin(table);
}

/** The basket is for this table from now on. */
function begin({ id, name }) {
  setBasket({ table: { id, name }, order_type: "eat_in" });
  closeDialog();
  basketOpen.value = false;
  view.value = "sell";
}

/** What there is to do at a table: clear it, look at one of its orders, begin another. */
export function TableDialog({ id }) {
  const table = tables.value[id];
  const { run, busy, problem } = useCommand();
  if (!table) return null;
  const clear = async () => {
    const cleared = await run(`/floor/tables/${id}/clear`);
    if (!cleared) return;
    learnTable(cleared);
    toast(`Table ${plain(table.name)} is ${tableStateName(cleared.state).toLowerCase()}`, { tone: "good" });
    closeDialog();
  };
  const isDirty = table.state === "dirty";
  return html`<${Dialog} title=${`Table ${plain(table.name)}`} name="table" onClose=${closeDialog}>
    <div class="stack">
      ${isDirty && html`<p>The guests have left. It is free when somebody has cleared it.</p>`}
      <${Expected} table=${table} />
      <ul class="table-orders" onKeyDown=${(event) => rove(event)}>
        ${ordersAt(table).map(
          (order) => html`<li key=${order.id}><button onClick=${() => (dialog.value = { name: "order", id: order.id })}>
            <strong>Order ${order.number ?? "–"}</strong>
            <span>${order.totals.due_minor > 0 ? `${money(order.totals.due_minor, order.currency)} due` : "Paid"}</span>
          </button></li>`,
        )}
      </ul>
      <${Refusal} problem=${problem} />
      <div class="row spread">
        <button class=${isDirty ? "ghost" : "primary big"} data-focus=${!isDirty} onClick=${() => begin(table)}>${isDirty ? "Order here all the same" : table.order_ids.length ? "Another order here" : "They are here: order"}</button>
        ${isDirty && html`<button class="primary big" data-focus disabled=${busy || !may("orders.place")} onClick=${clear}>It is cleared</button>`}
      </div>
    </div>
  <//>`;
}

/** The table of the basket: tapped to choose another one; nothing in a house without tables. */
export function BasketTable() {
  if (!sections.value.length) return null;
  const chosen = basket.value.table;
  const choose = () => {
    basketOpen.value = false;
    view.value = "tables";
  };
  if (!chosen) return html`<span class="basket-table"><button type="button" class="ghost" onClick=${choose}>Choose a table</button></span>`;
  return html`<span class="basket-table chosen">
    <button type="button" onClick=${choose}>Table <bdi>${plain(chosen.name)}</bdi></button>
    <button type="button" aria-label="No table" onClick=${() => setBasket({ table: null })}>✕</button>
  </span>`;
}

/** Where an order sits, and the way to another table. */
export function OrderTable({ order }) {
  if (!sections.value.length) return null;
  const open = () => (dialog.value = { name: "transfer", id: order.id });
  const names = tablesOf(order);
  return html`<button type="button" class="ghost" disabled=${!may("orders.place")} onClick=${open}>${
    names ? html`Table <bdi>${names}</bdi> · Move` : "Give it a table"
  }</button>`;
}
