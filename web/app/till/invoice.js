// The invoice of an order that is done: for its customer, or for whoever is written down here.
import { get } from "../api.js";
import { plain } from "../text.js";
import { Dialog, Refusal, toast } from "../ui.js";
import { html, useEffect, useState } from "../view.js";
import { useCommand } from "./command.js";
import { useCustomer } from "./customer.js";
import { textOf } from "./paper.js";
import { dialog, learnOrder, orderOf } from "./shop.js";

export function InvoiceDialog({ id }) {
  const order = orderOf(id);
  const customer = useCustomer(order?.customer_id);
  const [form, setForm] = useState({ name: "", address: "", vat: "" });
  const [own, setOwn] = useState(false);
  const { run, busy, problem } = useCommand();
  const typed = (name) => (event) => setForm({ ...form, [name]: event.target.value });
  const back = () => (dialog.value = { name: "order", id });
  if (!order) return null;
  const known = customer?.address && !own;
  const issue = async (event) => {
    event.preventDefault();
    const named = { name: form.name.trim(), address: form.address.trim(), vat_number: form.vat.trim().toUpperCase() || null };
    const invoice = await run(`/orders/${id}/invoice`, known ? { customer_id: customer.id } : { customer: named });
    if (!invoice) return;
    toast(`Invoice ${invoice.number} is issued`, { tone: "good" });
    learnOrder(await get(`/orders/${id}`));
    dialog.value = { name: "invoiced", id };
  };
  return html`<${Dialog} title=${`Invoice order ${order.number}`} name="invoice" onClose=${back}>
    <form class="stack" onSubmit=${issue}>
      <p class="quiet">An invoice is final: what is wrong in it can only be credited.</p>
      ${
        known
          ? html`<p class="party"><strong><bdi>${plain(customer.name)}</bdi></strong><bdi>${plain(customer.address)}</bdi></p>
            <button type="button" class="link" onClick=${() => setOwn(true)}>For somebody else</button>`
          : html`<label class="field">Name<input name="name" required maxlength="120" data-focus value=${form.name} onInput=${typed("name")} /></label>
            <label class="field">Address<textarea name="address" rows="3" required maxlength="300" value=${form.address} onInput=${typed("address")}></textarea></label>
            <label class="field">Their VAT number, if they have one<input name="vat" maxlength="15" value=${form.vat} onInput=${typed("vat")} /></label>`
      }
      <${Refusal} problem=${problem} />
      <div class="row spread"><button type="button" class="ghost" onClick=${back}>Back</button>
        <button class="primary big" disabled=${busy || (!known && !(form.name.trim() && form.address.trim()))}>Issue invoice</button></div>
    </form>
  <//>`;
}

/** Invoices and credit notes of an order, to be printed as often as somebody needs them. */
export function InvoicedDialog({ id }) {
  const order = orderOf(id);
  const [text, setText] = useState("");
  const [problem, setProblem] = useState(null);
  const back = () => (dialog.value = { name: "order", id });
  useEffect(() => {
    let over = false;
    const read = async () => {
      const page = await get(`/invoices?order_id=${id}`);
      const texts = await Promise.all(page.items.toReversed().map((one) => textOf(`/invoices/${one.id}/document?format=text`)));
      if (!over) setText(texts.join("\n\n"));
    };
    read().catch((refusal) => over || setProblem(refusal));
    return () => {
      over = true;
    };
  }, [id]);
  return html`<${Dialog} title=${`Invoice of order ${order?.number ?? ""}`} name="invoiced" onClose=${back}>
    <div class="stack">
      <pre class="paper" tabindex="0" aria-label="The invoice">${text || "…"}</pre>
      <${Refusal} problem=${problem} />
      <div class="row spread no-print"><button type="button" class="ghost" onClick=${back}>Back</button>
        <button type="button" class="primary big" data-focus disabled=${!text} onClick=${() => window.print()}>Print invoice</button></div>
    </div>
  <//>`;
}
