// The basket at the right, or behind its bar on a phone: lines, what they cost (the server's word), and Send.
import { request } from "../api.js";
import { basket, clearBasket, draftOf, forNextGuest, lineMinor, orderBody, refill, setBasket, stepLine } from "../basket.js";
import { withSize } from "../choice.js";
import { newId } from "../ids.js";
import { itemOf, loadMenu, menu } from "../menu.js";
import { delta, money } from "../money.js";
import { place } from "../outbox.js";
import { say } from "../problem.js";
import { currency } from "../session.js";
import { count, plain } from "../text.js";
import { rove, Segmented, Stepper, toast, toastUndo } from "../ui.js";
import { html, signal, useEffect, useRef, useState } from "../view.js";
import { AllergyButton } from "./allergy.js";
import { approvedCommand } from "./approval.js";
import { QuotedDiscounts } from "./discount.js";
import { NoteButton } from "./note.js";
import { AddingTo, addToOrder } from "./more.js";
import { PromiseButton } from "./promise.js";
import { dialog, learnOrder } from "./shop.js";
import { BasketTable } from "./tables.js";

const QUOTE_AFTER_MS = 150;
const TYPES = [
  { value: "eat_in", label: "Eat in" },
  { value: "takeaway", label: "Takeaway" },
];
const FLOWS = [
  { value: "pay_later", label: "Pay later" },
  { value: "pay_first", label: "Pay now" },
];

/** Whether a phone shows the basket instead of the menu. */
export const basketOpen = signal(false);

/** {quote, problem, pending} of the basket as it is. */
function useQuote(wanted, version) {
  const [answer, setAnswer] = useState({ quote: null, problem: null, pending: false });
  useEffect(() => {
    if (wanted.lines.length === 0) {
      setAnswer({ quote: null, problem: null, pending: false });
      return undefined;
    }
    let current = true;
    setAnswer((held) => ({ ...held, pending: true }));
    const timer = setTimeout(() => {
      request("POST", "/orders/quote", { body: draftOf(wanted, version) }).then(
        ({ body }) => current && setAnswer({ quote: body, problem: null, pending: false }),
        (problem) => {
          if (!current) return;
          if (problem.code === "menu_outdated") loadMenu();
          setAnswer({ quote: null, problem, pending: false });
        },
      );
    }, QUOTE_AFTER_MS);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [wanted, version]);
  return answer;
}

/** What the basket costs: the server's total, else the sum of its lines. */
const totalOf = (answer, wanted) =>
  answer.quote?.totals.total_minor ?? wanted.lines.reduce((sum, line) => sum + lineMinor(line), 0);

export function BasketPanel() {
  const wanted = basket.value;
  const [sending, setSending] = useState(false);
  const [refusal, setRefusal] = useState(null);
  const answer = useQuote(wanted, menu.value?.version);
  const total = money(totalOf(answer, wanted), currency.value);
  const nothing = !wanted.lines.length || sending;
  const send = async () => {
    setSending(true);
    const refused = await (wanted.order ? addToOrder(wanted, draftOf(wanted).lines) : sendOrder(wanted));
    setRefusal(refused);
    setSending(false);
    if (!refused) basketOpen.value = false;
  };
  useEffect(() => {
    setRefusal(null);
  }, [wanted]);
  const units = wanted.lines.reduce((sum, line) => sum + line.quantity, 0);
  return html`
    <aside class="basket ${basketOpen.value ? "open" : ""}" aria-label="Basket">
      <div class="basket-kind">
        <button type="button" class="basket-back" onClick=${() => (basketOpen.value = false)}>‹ Menu</button>
        ${wanted.order ? html`<${AddingTo} order=${wanted.order} />` : html`<${Kind} wanted=${wanted} />`}
      </div>
      <${Lines} lines=${wanted.lines} />
      ${wanted.lines.length > 0 && html`<${Totals} answer=${answer} total=${total} refusal=${refusal} />`}
      <div class="basket-send">
        <button class="ghost" disabled=${nothing} onClick=${clear}>Clear</button>
        <button class="primary big" disabled=${nothing} onClick=${send}>
          ${sending ? "Sending…" : wanted.order ? `Add to order ${wanted.order.number ?? ""}` : wanted.service_flow === "pay_first" ? `Pay ${wanted.lines.length ? total : ""}` : "Send to kitchen"}
        </button>
      </div>
    </aside>
    <button class="basket-bar" disabled=${!units} onClick=${() => (basketOpen.value = true)}>
      <span>${units ? count(units, "item") : "Nothing ordered yet"}</span>${units > 0 && html`<strong>· ${total}</strong>`}
    </button>`;
}

/** Where a new order goes, how it is paid, what the guest must not eat. */
function Kind({ wanted }) {
  return html`<${BasketTable} />
    <${Segmented} label="Order type" value=${wanted.order_type} options=${TYPES} onChange=${chooseType} />
    <${Segmented} label="Payment" value=${wanted.service_flow} options=${FLOWS} onChange=${(value) => setBasket({ service_flow: value })} />
    <${PromiseButton} />
    <${AllergyButton} />
    <${NoteButton} />`;
}

/** What is taken away goes to no table. */
function chooseType(value) {
  setBasket({ order_type: value, ...(value === "takeaway" ? { table: null } : {}) });
}

/** Wipes the basket; for some seconds it comes back as it was. */
function clear() {
  const { lines } = basket.value;
  clearBasket();
  // What was begun in the meantime stays.
  toastUndo(`${count(lines.length, "line")} removed`, () => refill([...lines, ...basket.value.lines]));
}

/** The newest line, or the one that changed, is in view. */
function Lines({ lines }) {
  const element = useRef(null);
  const before = useRef(lines);
  useEffect(() => {
    const known = new Map(before.current.map((line) => [line.id, line]));
    before.current = lines;
    const changed = lines.find((line) => known.get(line.id) !== line);
    if (changed) element.current.querySelector(`[data-id="${changed.id}"]`)?.scrollIntoView({ block: "nearest" });
  }, [lines]);
  return html`<div class="lines" ref=${element} onKeyDown=${(event) => rove(event, ".line-text")}>
    ${lines.length === 0 && html`<p class="empty">Tap items to start an order.</p>`}
    ${lines.map((line) => html`<${Line} key=${line.id} line=${line} />`)}
  </div>`;
}

/** Sends the basket; the next guest can be served as soon as it is on its way. Answers the refusal, or null. */
async function sendOrder(wanted) {
  const draft = orderBody(wanted, menu.value?.version);
  if (wanted.lines.some((line) => line.override)) return sendApproved(wanted, draft);
  return new Promise((resolve) => {
    const onWait = () => {
      forNextGuest();
      basketOpen.value = false;
      toast("No answer yet. The order is kept here and sent as soon as the server answers.", { tone: "bad" });
      resolve(null);
    };
    const onPlaced = (order) => toast(`Order ${order.number} arrived after all`, { tone: "good" });
    place(draft, { onWait, onPlaced }).then(
      (order) => {
        wasPlaced(order, wanted);
        resolve(null);
      },
      (problem) => {
        if (problem.code === "menu_outdated" || problem.code === "item_unavailable") loadMenu();
        resolve(problem);
      },
    );
  });
}

/** The id under which a basket was sent that a manager has to approve: sent again, it is the same order. */
const sentAs = new WeakMap();

/** Somebody who may approve it has to be here: such an order does not wait on this device for the network. */
async function sendApproved(wanted, draft) {
  const id = sentAs.get(wanted.lines) ?? newId();
  sentAs.set(wanted.lines, id);
  try {
    wasPlaced(await approvedCommand("/orders", { id, ...draft }, { key: id, what: "This order", reasoned: true }), wanted);
    return null;
  } catch (problem) {
    return problem;
  }
}

function wasPlaced(order, wanted) {
  learnOrder(order);
  if (basket.value.lines === wanted.lines) forNextGuest();
  basketOpen.value = false;
  if (order.service_flow === "pay_first") dialog.value = { name: "pay", id: order.id };
  else toast(`Order ${order.number} is on its way`, { tone: "good", action: payAction(order) });
}

const payAction = (order) => ({ label: "Pay", run: () => (dialog.value = { name: "pay", id: order.id }) });

function Line({ line }) {
  const edit = () => {
    const item = itemOf(line.item_id);
    if (item) dialog.value = { name: "options", item, line };
  };
  const step = (quantity) => {
    const gone = quantity === 0 && basket.value.lines;
    stepLine(line.id, quantity - line.quantity);
    if (gone) toastUndo(`${plain(line.name)} removed`, () => refill([...basket.value.lines, line]));
  };
  const { size, rest } = withSize(line.options);
  return html`<div class="line" data-line=${line.item_id} data-id=${line.id}>
    <button class="line-text" onClick=${edit}>
      <span class="line-name"><bdi>${plain(line.name)}</bdi>${size && html` · <bdi>${plain(size.name)}</bdi>`}</span>
      ${rest.map(
        (option) =>
          html`<small key=${option.option_id} class=${option.parent_option_id ? "nested" : ""}>${option.quantity > 1 ? `${option.quantity} × ` : ""}${plain(option.name)} ${delta(option.price_delta_minor * option.quantity, currency.value)}</small>`,
      )}
      ${line.override && html`<small class="note">Not on sale · <bdi>${plain(line.override)}</bdi></small>`}
      ${line.note && html`<small class="note"><bdi>${plain(line.note)}</bdi></small>`}
    </button>
    <${Stepper} small value=${line.quantity} min=${0} onChange=${step} />
    <span class="line-price">${money(lineMinor(line), currency.value)}</span>
  </div>`;
}

function Totals({ answer, total, refusal }) {
  const { quote, pending } = answer;
  const problem = refusal || answer.problem;
  const totals = quote?.totals;
  return html`<div class="totals ${pending ? "pending" : ""}">
    ${totals && html`<${QuotedDiscounts} quote=${quote} />`}
    ${totals?.service_charge_minor > 0 && html`<${Sum} label="Service charge" minor=${totals.service_charge_minor} />`}
    ${
      totals &&
      html`<${Sum} quiet label=${quote.bill_mode === "exclusive_legacy" ? "VAT" : "VAT included"} minor=${totals.vat_minor} />`
    }
    <div class="sum total"><span>Total</span><output name="total">${total}</output></div>
    ${problem && html`<p class="notice bad" role="alert">${say(problem)}</p>`}
  </div>`;
}

const Sum = ({ label, minor, quiet = false }) =>
  html`<div class="sum ${quiet ? "quiet" : ""}"><span>${label}</span><span>${money(minor, currency.value)}</span></div>`;
