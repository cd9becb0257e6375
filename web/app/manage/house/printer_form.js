// One printer. Where it stands in the network its agent alone knows.
import { count, plain } from "../../text.js";
import { Dialog, NumberField, Segmented } from "../../ui.js";
import { html } from "../../view.js";
import { all, jobs, printers, stations } from "./known.js";
import { Remove } from "./removing.js";
import { useForm } from "./saving.js";

const NAME_MAX = 40;
const [WIDTH_MIN, WIDTH_MAX] = [32, 64];
const FIELDS = ["name", "kind", "width", "station_id", "fallback_id"];
const NEW = { name: "", kind: "receipt", width: 42, station_id: null, fallback_id: null };
const KINDS = [
  { value: "receipt", label: "Bills and receipts" },
  { value: "kitchen", label: "Tickets" },
];

export function PrinterForm({ row, onClose }) {
  const { draft, set, busy, submit, refusal } = useForm({
    row,
    fresh: NEW,
    fields: FIELDS,
    add: "/printers",
    at: `/printers/${row?.id}`,
    read: async () => (await all("/printers")).find((one) => one.id === row.id),
    done: onClose,
  });
  const setKind = (kind) => {
    set("kind")(kind);
    if (kind === "receipt") set("station_id")(null);
  };
  const others = printers.value.filter((one) => one.id !== row?.id);
  const open = jobs.value.filter((job) => job.printer_id === row?.id && ["queued", "claimed"].includes(job.state)).length;
  const choice = (field, none, rows) =>
    html`<select name=${field} value=${draft[field] ?? ""} onChange=${(event) => set(field)(event.target.value || null)}>
      <option value="">${none}</option>${rows.map((one) => html`<option key=${one.id} value=${one.id}>${plain(one.name)}</option>`)}</select>`;
  return html`<${Dialog} title=${row ? plain(row.name) : "Add a printer"} name="printer" onClose=${onClose}>
    <form class="stack" onSubmit=${submit}>
      <label class="field">Name <input name="printer-name" required maxlength=${NAME_MAX} value=${draft.name} data-focus placeholder="Counter"
        onInput=${(event) => set("name")(event.target.value)} /></label>
      <div class="field">It prints <${Segmented} label="It prints" value=${draft.kind} options=${KINDS} onChange=${setKind} /></div>
      ${draft.kind === "kitchen" && html`<label class="field">Tickets of ${choice("station_id", "No station by itself", stations.value)}</label>`}
      <${NumberField} label="Characters of a line (32, 42 and 48 are usual)" name="width" value=${draft.width} min=${WIDTH_MIN} max=${WIDTH_MAX} onChange=${set("width")} />
      <label class="field">Where it cannot print, this one does ${choice("fallback_id", "None", others)}</label>
      ${refusal}
      <button class="primary big" disabled=${busy || !draft.name.trim() || !draft.width}>${row ? "Save" : "Add it"}</button>
    </form>
    ${
      row &&
      html`<${Remove} path=${`/printers/${row.id}`} name=${row.name} done=${onClose}
      after=${open ? `${count(open, "job")} of it will have failed.` : "Nothing waits for it."} />`
    }
  <//>`;
}
