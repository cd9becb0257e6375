// Where something comes from: its supplier, in which packs, at what cost.
import { get } from "../../api.js";
import { money } from "../../money.js";
import { currency } from "../../session.js";
import { plain, unitName } from "../../text.js";
import { MoneyPad, NumberField, Refusal, toast } from "../../ui.js";
import { html } from "../../view.js";
import { all, levels } from "./known.js";
import { useRead } from "./reading.js";
import { useForm } from "./saving.js";

const PACK_MAX = 1_000_000;
const COST_MAX_MINOR = 100_000_000;
const DAYS_MAX = 365;
const ON_ORDER_MAX = 1_000_000_000;
const FIELDS = ["supplier_id", "pack_size", "pack_cost_minor", "safety_days", "on_order"];

export function SupplyForm({ itemId, onClose }) {
  const read = () => get(`/stock/${itemId}/supply`);
  const { found, problem } = useRead(async () => ({ supply: await read(), suppliers: await all("/suppliers") }), [itemId]);
  if (problem) return html`<${Refusal} problem=${problem} />`;
  if (!found) return html`<p class="quiet">Looking it up…</p>`;
  if (!found.suppliers.length) return html`<p class="empty">No supplier is known yet. Add one under Suppliers, then say here what comes from it.</p>`;
  return html`<${Known} itemId=${itemId} ...${found} read=${read} onClose=${onClose} />`;
}

function Known({ itemId, supply, suppliers, read, onClose }) {
  const level = levels.value.find((one) => one.item_id === itemId);
  const unit = unitName(level?.unit);
  // Nobody has said it: the first answer of the form is not what was there.
  const row = supply.version ? supply : { ...supply, pack_size: null, supplier_id: null };
  const { draft, set, busy, submit, refusal } = useForm({
    row,
    fields: FIELDS,
    at: `/stock/${itemId}/supply`,
    read,
    done: () => {
      toast("Saved where it comes from", { tone: "good" });
      onClose();
    },
  });
  return html`<form class="stack" onSubmit=${submit}>
    <label class="field">Supplier <select name="supplier" data-focus value=${draft.supplier_id ?? ""} onChange=${(event) => set("supplier_id")(event.target.value || null)}>
      <option value="">Nobody: it is not on the order list</option>
      ${suppliers.map((one) => html`<option key=${one.id} value=${one.id}>${plain(one.name)}</option>`)}</select></label>
    <${NumberField} label="In a pack" name="pack-size" unit=${unit} value=${draft.pack_size} min=${1} max=${PACK_MAX} onChange=${set("pack_size")} />
    <${MoneyPad} label="Cost of a pack" name="pack-cost" value=${draft.pack_cost_minor} currency=${currency.value} max=${COST_MAX_MINOR} format=${(minor) => money(minor, currency.value)}
      onChange=${(minor) => set("pack_cost_minor")(minor ?? 0)}>
      <div class="two"><${NumberField} label="Days to spare" name="safety-days" unit="days" value=${draft.safety_days} max=${DAYS_MAX} onChange=${set("safety_days")} />
        <${NumberField} label="On order" name="on-order" unit=${unit} value=${draft.on_order} max=${ON_ORDER_MAX} onChange=${set("on_order")} /></div>
    <//>
    ${refusal}
    <button class="primary big" disabled=${busy || !draft.pack_size || draft.safety_days === null || draft.on_order === null}>Save</button>
  </form>`;
}
