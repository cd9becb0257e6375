// Whose order it is: somebody is found by name, telephone number or e-mail, or is new.
import { command, get } from "../api.js";
import { may } from "../session.js";
import { plain } from "../text.js";
import { Dialog, Refusal, rove } from "../ui.js";
import { html, signal, useEffect, useState } from "../view.js";
import { useCommand } from "./command.js";
import { dialog, learnOrder, orderOf } from "./shop.js";

const PAUSE_MS = 150;
const SHOWN_MAX = 20;
const OWNABLE = ["draft", "validated", "done"];

/** Id -> customer, as far as this till has met them; never kept on the device. */
const met = signal({});

function meet(customer) {
  met.value = { ...met.value, [customer.id]: customer };
  return customer;
}

/** The customer, or null until they are known; undefined where they are gone. */
export function useCustomer(id) {
  useEffect(() => {
    if (!id || id in met.value) return;
    get(`/customers/${id}`)
      .then(meet)
      .catch((problem) => {
        if (problem.code === "customer_not_found") met.value = { ...met.value, [id]: undefined };
      });
  }, [id]);
  return id in met.value ? met.value[id] : null;
}

/** Whose an order is, or a way to say so. */
export function CustomerButton({ order }) {
  const customer = useCustomer(order.customer_id);
  const label = !order.customer_id ? "Customer" : customer ? plain(customer.name) : customer === undefined ? "Erased customer" : "…";
  const shut = !OWNABLE.includes(order.lifecycle) || !may("orders.place");
  if (shut) return order.customer_id && html`<span class="chip"><bdi>${label}</bdi></span>`;
  return html`<button type="button" class="ghost" data-customer=${order.customer_id || ""}
    onClick=${() => (dialog.value = { name: "customer", id: order.id })}><bdi>${label}</bdi></button>`;
}

const how = (customer) => [customer.phone, customer.email].filter(Boolean).join(" · ");

/** Finds somebody for the order, or makes them known. */
export function CustomerDialog({ id }) {
  const order = orderOf(id);
  const [query, setQuery] = useState("");
  const [found, setFound] = useState({ query: "", items: [] });
  const [adding, setAdding] = useState(false);
  const [failed, setFailed] = useState(null);
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    const text = query.trim();
    if (!text) {
      setFound({ query: "", items: [] });
      return;
    }
    let over = false;
    const timer = setTimeout(() => {
      get(`/customers?limit=${SHOWN_MAX}&q=${encodeURIComponent(text)}`)
        .then((page) => over || setFound({ query: text, items: page.items.map(meet) }))
        .catch((problem) => over || setFailed(problem));
    }, PAUSE_MS);
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }, [query]);
  const back = () => (dialog.value = { name: "order", id });
  const choose = async (customer_id) => {
    setBusy(true);
    setFailed(null);
    try {
      learnOrder(await command(`/orders/${id}/customer`, { customer_id }, { method: "PUT" }));
      back();
    } catch (problem) {
      setFailed(problem);
      setBusy(false);
    }
  };
  if (!order) return null;
  if (adding) return html`<${NewCustomer} called=${query} onDone=${(customer) => choose(customer.id)} onBack=${() => setAdding(false)} />`;
  const nobody = found.query && found.query === query.trim() && !found.items.length;
  return html`<${Dialog} title=${`Whose is order ${order.number ?? ""}?`} name="customer" onClose=${back}>
    <div class="stack">
      <label class="field">Name, telephone or e-mail
        <input type="search" name="q" maxlength="100" autocomplete="off" data-focus value=${query} onInput=${(event) => setQuery(event.target.value)} /></label>
      <ul class="found" aria-live="polite" onKeyDown=${(event) => rove(event)}>
        ${found.items.map(
          (customer) => html`<li key=${customer.id}><button type="button" class="customer" disabled=${busy} onClick=${() => choose(customer.id)}>
            <strong><bdi>${plain(customer.name)}</bdi></strong><span class="quiet"><bdi>${plain(how(customer))}</bdi></span></button></li>`,
        )}
      </ul>
      ${nobody && html`<p class="empty" role="status">Nobody is called so, or has that number.</p>`}
      <${Refusal} problem=${failed} />
      <div class="row spread">
        ${order.customer_id ? html`<button type="button" class="ghost" disabled=${busy} onClick=${() => choose(null)}>Nobody’s</button>` : html`<span></span>`}
        ${may("customers.edit") && html`<button type="button" class="primary" onClick=${() => setAdding(true)}>New customer</button>`}
      </div>
    </div>
  <//>`;
}

/** Somebody whom nobody knows yet. What was looked for begins the form. */
function NewCustomer({ called, onDone, onBack }) {
  const isNumber = /^[+0-9() ./-]{5,}$/.test(called.trim());
  const isMail = called.includes("@");
  const [form, setForm] = useState({
    name: isNumber || isMail ? "" : called.trim(),
    phone: isNumber ? called.trim() : "",
    email: isMail ? called.trim() : "",
    address: "",
    agrees: false,
  });
  const { run, busy, problem } = useCommand();
  const typed = (name) => (event) => setForm({ ...form, [name]: event.target.value });
  const save = async (event) => {
    event.preventDefault();
    const body = {
      name: form.name.trim(),
      phone: form.phone.trim() || null,
      email: form.email.trim() || null,
      address: form.address.trim() || null,
      marketing_consent: form.agrees,
      consent_source: form.agrees ? "till" : null,
    };
    const customer = await run("/customers", body);
    if (customer) onDone(meet(customer));
  };
  return html`<${Dialog} title="New customer" name="new-customer" onClose=${onBack}>
    <form class="stack" onSubmit=${save}>
      <label class="field">Name<input name="name" required maxlength="120" data-focus value=${form.name} onInput=${typed("name")} /></label>
      <label class="field">Telephone<input name="phone" type="tel" maxlength="40" value=${form.phone} onInput=${typed("phone")} /></label>
      <label class="field">E-mail<input name="email" type="email" maxlength="254" value=${form.email} onInput=${typed("email")} /></label>
      <label class="field">Address, for invoices<textarea name="address" rows="2" maxlength="300" value=${form.address} onInput=${typed("address")}></textarea></label>
      <label class="check"><input type="checkbox" name="agrees" checked=${form.agrees} onChange=${(event) => setForm({ ...form, agrees: event.target.checked })} />
        <span>They asked to be written to with offers</span></label>
      <${Refusal} problem=${problem} />
      <div class="row spread"><button type="button" class="ghost" onClick=${onBack}>Back</button>
        <button class="primary big" disabled=${busy || !form.name.trim()}>Save</button></div>
    </form>
  <//>`;
}
