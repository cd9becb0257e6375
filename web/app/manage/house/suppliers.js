// Who brings goods.
import { money } from "../../money.js";
import { currency } from "../../session.js";
import { count, plain } from "../../text.js";
import { Dialog, MoneyPad, NumberField, Refusal } from "../../ui.js";
import { html, useState } from "../../view.js";
import { all, byName } from "./known.js";
import { useRead } from "./reading.js";
import { Remove } from "./removing.js";
import { useForm } from "./saving.js";

const NAME_MAX = 120;
const DAYS_MAX = 365;
const MINIMUM_MAX_MINOR = 100_000_000;

export function Suppliers() {
  const { found, problem, again } = useRead(() => all("/suppliers"), []);
  const [open, setOpen] = useState(null);
  const form = open && html`<${SupplierForm} row=${open.row} onClose=${() => (setOpen(null), again())} />`;
  if (!found) return problem ? html`<${Refusal} problem=${problem}><button class="link" onClick=${again}>Try again</button><//>` : html`<p class="empty">Looking them up…</p>`;
  const add = (tone) => html`<button class=${tone} onClick=${() => setOpen({})}>Add a supplier</button>`;
  if (!found.length) {
    return html`<div class="empty stack"><p>No supplier is known yet. With one, and from whom each thing comes, there is a list of what to order.</p><p>${add("primary big")}</p>${form}</div>`;
  }
  return html`<div class="stack">
    <p>${add("")}</p><${Refusal} problem=${problem} />
    <ul class="rows">${[...found].sort(byName).map(
      (one) => html`<li key=${one.id} class="house-row" data-supplier=${one.name}>
        <div class="about"><strong><bdi>${plain(one.name)}</bdi></strong>
          <small class="quiet">Delivers in ${count(one.lead_days, "day")}${one.minimum_minor ? ` · from ${money(one.minimum_minor, currency.value)}` : ""}</small></div>
        <button aria-label=${`Change ${plain(one.name)}`} onClick=${() => setOpen({ row: one })}>Change</button></li>`,
    )}</ul>${form}
  </div>`;
}

function SupplierForm({ row, onClose }) {
  const { draft, set, busy, submit, refusal } = useForm({
    row,
    fresh: { name: "", lead_days: 1, minimum_minor: 0 },
    fields: ["name", "lead_days", "minimum_minor"],
    add: "/suppliers",
    at: `/suppliers/${row?.id}`,
    read: async () => (await all("/suppliers")).find((one) => one.id === row.id),
    done: onClose,
  });
  return html`<${Dialog} title=${row ? plain(row.name) : "Add a supplier"} name="supplier" wide onClose=${onClose}>
    <form class="stack" onSubmit=${submit}>
      <label class="field">Name <input name="supplier-name" required maxlength=${NAME_MAX} value=${draft.name} data-focus onInput=${(event) => set("name")(event.target.value)} /></label>
      <${NumberField} label="Days from the order to the delivery" name="lead-days" value=${draft.lead_days} max=${DAYS_MAX} onChange=${set("lead_days")} />
      <${MoneyPad} label="An order is worth at least" name="minimum" value=${draft.minimum_minor} currency=${currency.value} max=${MINIMUM_MAX_MINOR}
        onChange=${(minor) => set("minimum_minor")(minor ?? 0)} />
      ${refusal}
      <button class="primary big" disabled=${busy || !draft.name.trim() || draft.lead_days === null}>${row ? "Save" : "Add it"}</button>
    </form>
    ${row && html`<${Remove} path=${`/suppliers/${row.id}`} name=${row.name} done=${onClose} />`}
  <//>`;
}
