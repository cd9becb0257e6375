// What an order says on paper: its bill or receipt is looked at first, and handed out by printing it.
import { command, get, request } from "../api.js";
import { newId } from "../ids.js";
import { may } from "../session.js";
import { plain } from "../text.js";
import { Dialog, Refusal, toast } from "../ui.js";
import { html, useEffect, useState } from "../view.js";
import { CustomerButton } from "./customer.js";
import { dialog, orderOf } from "./shop.js";
import { checkName, checkOf } from "./split.js";

const WIDTH = 42;

/** Whether the order has a bill: it is placed, and not cancelled. */
const hasBill = (order) => order.number !== null && !["cancelled", "merged"].includes(order.lifecycle);
const isPaid = (order) => order.totals.due_minor === 0;

/** The papers of an opened order, and whose it is. */
export function OrderPapers({ order }) {
  const open = (name) => () => (dialog.value = { name, id: order.id });
  return html`<div class="papers">
    ${hasBill(order) && html`<button type="button" class="ghost" onClick=${open("receipt")}>${isPaid(order) ? "Receipt" : "Bill"}</button>`}
    ${order.lifecycle === "done" && may("orders.place") && html`<button type="button" class="ghost" onClick=${open("invoice")}>Invoice</button>`}
    ${order.invoice_number && html`<button type="button" class="ghost" onClick=${open("invoiced")}>Invoice ${order.invoice_number}</button>`}
    ${may("customers.read") && html`<${CustomerButton} order=${order} />`}
  </div>`;
}

/** The text of a document. Throws Problem. */
export async function textOf(path, key) {
  const headers = { Accept: "text/plain" };
  return (await request("GET", path, { key, headers })).text;
}

/** The printers of receipts that the restaurant has set up. */
function usePrinters() {
  const [printers, setPrinters] = useState([]);
  useEffect(() => {
    get("/printers")
      .then((page) => setPrinters(page.items.filter((one) => one.kind === "receipt")))
      .catch(() => {});
  }, []);
  return printers;
}

/** The document as it would be; printed it is the original, or says COPY. */
export function ReceiptDialog({ id, check: checkId }) {
  const order = orderOf(id);
  const [text, setText] = useState("");
  const [allergens, setAllergens] = useState(false);
  const [printed, setPrinted] = useState(false);
  const [key, setKey] = useState(newId());
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState(null);
  const path = `/orders/${id}/receipt?format=text&width=${WIDTH}&allergens=${allergens}${checkId ? `&check_id=${checkId}` : ""}`;
  useEffect(() => {
    let over = false;
    setPrinted(false);
    textOf(`${path}&preview=true`)
      .then((shown) => over || setText(shown))
      .catch((refusal) => over || setProblem(refusal));
    return () => {
      over = true;
    };
  }, [path, order?.version]);
  const printers = usePrinters();
  const back = () => (dialog.value = { name: checkId ? "split" : "order", id });
  const send = async (printer) => {
    setBusy(true);
    setProblem(null);
    try {
      const job = await command("/print-jobs", { order_id: id, check_id: checkId, printer_id: printer.id, allergens }, { key });
      setKey(newId());
      setPrinted(true);
      toast(`${job.title} is on its way to ${plain(printer.name)}`, { tone: "good" });
    } catch (refusal) {
      if (!refusal.passing) setKey(newId());
      setProblem(refusal);
    }
    setBusy(false);
  };
  const print = async () => {
    setBusy(true);
    setProblem(null);
    try {
      setText(await textOf(path, key));
      setKey(newId());
      setPrinted(true);
      // Once the page shows what is to be printed.
      requestAnimationFrame(() => requestAnimationFrame(() => window.print()));
    } catch (refusal) {
      // Without an answer nobody knows whether it was handed out: the same key asks for the same paper.
      if (!refusal.passing) setKey(newId());
      setProblem(refusal);
    }
    setBusy(false);
  };
  if (!order) return null;
  const check = checkId && checkOf(order, checkId);
  const what = (check ? check.due_minor === 0 : isPaid(order)) ? "receipt" : "bill";
  const title = `${what === "bill" ? "Bill" : "Receipt"} of order ${order.number ?? ""}${check ? `, ${checkName(check)}` : ""}`;
  return html`<${Dialog} title=${title} name="receipt" onClose=${back}>
    <div class="stack">
      <pre class="paper" tabindex="0" aria-label=${`The ${what}`} data-printed=${printed}>${text || "…"}</pre>
      <label class="check no-print"><input type="checkbox" checked=${allergens} onChange=${(event) => setAllergens(event.target.checked)} />
        <span>With allergens</span></label>
      <${Refusal} problem=${problem} />
      <div class="row spread no-print"><button type="button" class="ghost" onClick=${back}>Back</button>
        ${printers.map((printer) => html`<button type="button" class="ghost" key=${printer.id} disabled=${busy} onClick=${() => send(printer)}>Send to <bdi>${plain(printer.name)}</bdi></button>`)}
        <button type="button" class="primary big" data-focus disabled=${busy} onClick=${print}>${printed ? "Print another copy" : `Print ${what}`}</button></div>
    </div>
  <//>`;
}
