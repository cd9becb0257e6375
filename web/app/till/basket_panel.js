// The basket at the right: lines, what it costs (the server's word), and Send.
import { request } from "../api.js";
import { basket, clearBasket, draftOf, lineMinor, setBasket, stepLine } from "../basket.js";
import { itemOf, loadMenu, menu } from "../menu.js";
import { delta, money, percent } from "../money.js";
import { place } from "../outbox.js";
import { say } from "../problem.js";
import { currency } from "../session.js";
import { methodName, plain } from "../text.js";
import { Segmented, toast } from "../ui.js";
import { html, useEffect, useState } from "../view.js";
import { dialog, learnOrder } from "./shop.js";

const QUOTE_AFTER_MS = 150;
const TYPES = [
  { value: "eat_in", label: "Eat in" },
  { value: "takeaway", label: "Takeaway" },
];
const FLOWS = [
  { value: "pay_later", label: "Pay later" },
  { value: "pay_first", label: "Pay now" },
];

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

export function BasketPanel() {
  const wanted = basket.value;
  const [sending, setSending] = useState(false);
  const answer = useQuote(wanted, menu.value?.version);
  const payNow = wanted.service_flow === "pay_first";
  const send = async () => {
    setSending(true);
    await sendOrder(wanted);
    setSending(false);
  };
  return html`<aside class="basket" aria-label="Basket">
    <div class="basket-kind">
      <${Segmented} label="Order type" value=${wanted.order_type} options=${TYPES} onChange=${(value) => setBasket({ order_type: value })} />
      <${Segmented} label="Payment" value=${wanted.service_flow} options=${FLOWS} onChange=${(value) => setBasket({ service_flow: value })} />
    </div>
    <div class="lines">
      ${wanted.lines.length === 0 && html`<p class="empty">Tap items to start an order.</p>`}
      ${wanted.lines.map((line) => html`<${Line} key=${line.id} line=${line} />`)}
    </div>
    ${wanted.lines.length > 0 && html`<${Totals} answer=${answer} wanted=${wanted} />`}
    <div class="basket-send">
      <button class="ghost" disabled=${!wanted.lines.length || sending} onClick=${clearBasket}>Clear</button>
      <button class="primary big" disabled=${!wanted.lines.length || sending} onClick=${send}>
        ${sending ? "Sending…" : payNow ? "Send and pay" : "Send to kitchen"}
      </button>
    </div>
  </aside>`;
}

/** Sends the basket; the next guest can be served as soon as it is on its way. */
async function sendOrder(wanted) {
  const draft = draftOf(wanted, menu.value?.version);
  return new Promise((resolve) => {
    const onWait = () => {
      clearBasket();
      toast("No answer yet. The order is kept here and sent as soon as the server answers.", { tone: "bad" });
      resolve();
    };
    const onPlaced = (order) => toast(`Order ${order.number} arrived after all`, { tone: "good" });
    place(draft, { onWait, onPlaced }).then(
      (order) => {
        learnOrder(order);
        if (basket.value.lines === wanted.lines) clearBasket();
        if (order.service_flow === "pay_first") dialog.value = { name: "pay", id: order.id };
        else toast(`Order ${order.number} is on its way`, { tone: "good", action: payAction(order) });
        resolve();
      },
      (problem) => {
        toast(say(problem), { tone: "bad" });
        if (problem.code === "menu_outdated" || problem.code === "item_unavailable") loadMenu();
        resolve();
      },
    );
  });
}

const payAction = (order) => ({ label: "Pay", run: () => (dialog.value = { name: "pay", id: order.id }) });

function Line({ line }) {
  const edit = () => {
    const item = itemOf(line.item_id);
    if (item) dialog.value = { name: "options", item, line };
  };
  return html`<div class="line" data-line=${line.item_id}>
    <button class="line-text" onClick=${edit}>
      <span class="line-name"><bdi>${plain(line.name)}</bdi></span>
      ${line.options.map(
        (option) =>
          html`<small key=${option.option_id}>${plain(option.name)} ${delta(option.price_delta_minor, currency.value)}</small>`,
      )}
      ${line.note && html`<small class="note"><bdi>${plain(line.note)}</bdi></small>`}
    </button>
    <div class="stepper small">
      <button aria-label="One less" onClick=${() => stepLine(line.id, -1)}>−</button>
      <output>${line.quantity}</output>
      <button aria-label="One more" onClick=${() => stepLine(line.id, 1)}>+</button>
    </div>
    <span class="line-price">${money(lineMinor(line), currency.value)}</span>
  </div>`;
}

function Totals({ answer, wanted }) {
  const { quote, problem, pending } = answer;
  const rough = wanted.lines.reduce((sum, line) => sum + lineMinor(line), 0);
  const totals = quote?.totals;
  const total = totals ? totals.total_minor : rough;
  return html`<div class="totals ${pending ? "pending" : ""}">
    ${totals?.discount_minor > 0 && html`<${Sum} label="Discount" minor=${-totals.discount_minor} />`}
    ${totals?.service_charge_minor > 0 && html`<${Sum} label="Service charge" minor=${totals.service_charge_minor} />`}
    ${
      totals &&
      html`<${Sum} quiet label=${quote.bill_mode === "exclusive_legacy" ? "VAT" : "VAT included"} minor=${totals.vat_minor} />`
    }
    <div class="sum total"><span>Total</span><output name="total">${money(total, currency.value)}</output></div>
    ${problem && html`<p class="notice bad" role="alert">${say(problem)}</p>`}
    ${quote && html`<${Costs} costs=${quote.payment_costs} />`}
  </div>`;
}

const Sum = ({ label, minor, quiet = false }) =>
  html`<div class="sum ${quiet ? "quiet" : ""}"><span>${label}</span><span>${money(minor, currency.value)}</span></div>`;

function aboutCost(cost) {
  if (!cost.offered) return "not set up yet";
  return cost.saving_bp > 0 ? `saves ${percent(Math.round(cost.saving_bp / 100) * 100)}` : "";
}

/** What each way to pay costs the restaurant, cheapest first. */
function Costs({ costs }) {
  const sorted = [...costs].sort((a, b) => a.total_minor - b.total_minor);
  const cheapest = sorted[0]?.total_minor;
  return html`<ul class="costs" aria-label="What taking the money costs">
    ${sorted.map(
      (
        cost,
      ) => html`<li key=${cost.method} class=${cost.total_minor === cheapest ? "best" : cost.offered ? "" : "later"}>
        <span>${methodName(cost.method)}</span>
        <span>${cost.total_minor === 0 ? "free" : money(cost.total_minor, currency.value)}</span>
        <small>${aboutCost(cost)}</small>
      </li>`,
    )}
  </ul>`;
}
