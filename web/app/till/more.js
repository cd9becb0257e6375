// More for an order that was taken: items from the menu, or the last round once more.
import { basket, forNextGuest, setBasket } from "../basket.js";
import { newId } from "../ids.js";
import { loadMenu, menu } from "../menu.js";
import { may } from "../session.js";
import { count, plain } from "../text.js";
import { Refusal, toast } from "../ui.js";
import { html } from "../view.js";
import { approvedCommand } from "./approval.js";
import { useCommand } from "./command.js";
import { wantedAgain } from "./lines.js";
import { closeDialog, dialog, learnOrder, orderOf, view } from "./shop.js";

/** The lines that came last: those of the newest addition, else those of the order itself. */
export function lastRound(order) {
  const left = order.lines.filter((line) => !line.voided);
  // What came from another order was no round of this one.
  const round = (line) => (line.moved_from ? 0 : line.added?.version ?? 0);
  const newest = Math.max(0, ...left.map(round));
  return left.filter((line) => round(line) === newest);
}

/** What an open order offers: the menu, and one tap for the same again. */
export function OrderMore({ order }) {
  const { run, busy, problem } = useCommand();
  if (!may("orders.place")) return null;
  const round = lastRound(order);
  const units = round.reduce((sum, line) => sum + line.quantity, 0);
  const addItems = () => {
    setBasket({ order: { id: order.id, number: order.number }, order_type: order.order_type, table: null });
    closeDialog();
    view.value = "sell";
  };
  const repeat = async () => {
    const more = await run(`/orders/${order.id}/lines`, { lines: round.map(wantedAgain), base_version: order.version });
    if (!more) return;
    learnOrder(more);
    toast(`${count(units, "item")} once more on order ${order.number ?? ""}`, { tone: "good" });
  };
  return html`<div class="card-actions">
      <button type="button" class="ghost" onClick=${addItems}>Add items</button>
      ${units > 0 && html`<button type="button" class="ghost" disabled=${busy} onClick=${repeat} title=${roundWords(round)}>Repeat a round · ${units}</button>`}
    </div>
    <${Refusal} problem=${problem} />`;
}

const roundWords = (round) => round.map((line) => `${line.quantity} ${plain(line.name)}`).join(", ");

/** Above the basket: whose order it goes to, and the way back to an order of its own. */
export function AddingTo({ order }) {
  const known = orderOf(order.id);
  const where = known?.table?.name ? html` · table <bdi>${plain(known.table.name)}</bdi>` : "";
  return html`<p class="adding-to" data-adding=${order.id}><span>Adding to <strong>order ${order.number ?? ""}</strong>${where}</span>
    <button type="button" class="link" onClick=${() => setBasket({ order: null })}>New order instead</button></p>`;
}

/** Sends the basket to the order it is for. Answers the refusal, or null. Its lines have ids: sent again they come once. */
export async function addToOrder(wanted, lines) {
  const { id, number } = wanted.order;
  try {
    const body = { lines, menu_version: menu.value?.version };
    learnOrder(await approvedCommand(`/orders/${id}/lines`, body, { key: newId(), what: "This addition", reasoned: true }));
  } catch (problem) {
    if (problem.code === "menu_outdated" || problem.code === "item_unavailable") loadMenu();
    return problem;
  }
  if (basket.value.lines === wanted.lines) forNextGuest();
  toast(`Added to order ${number ?? ""}`, { tone: "good", action: { label: "Show", run: () => (dialog.value = { name: "order", id }) } });
  return null;
}
