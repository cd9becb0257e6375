// One menu by time of day: what it is called, when it is served, what is on it.
import { menu } from "../../menu.js";
import { plain } from "../../text.js";
import { Dialog, Refusal, toast } from "../../ui.js";
import { html, useState } from "../../view.js";
import { items } from "../house/known.js";
import { useAct, useForm } from "../house/saving.js";
import { Windows } from "../menu/windows.js";
import { Ticks } from "./ticks.js";

const NAME_MAX = 120;
const CATEGORIES_MAX = 500;
const ITEMS_MAX = 1000;
export const PATH = "/menu/menus";
export const FIELDS = ["name", "position", "windows", "effective_from", "effective_until", "category_ids", "item_ids"];
const FRESH = { name: "", windows: [], effective_from: null, effective_until: null, category_ids: [], item_ids: [] };

const sameTime = (window) => window.from_minutes === window.until_minutes;

function faultsOf({ windows, effective_from: first, effective_until: last }) {
  const within = (path) => {
    const at = windows.findIndex((_, index) => path === `windows[${index}]`);
    return at >= 0 && sameTime(windows[at]) ? "It ends when it begins." : "";
  };
  const dates = first && last && last < first ? "The last day is the first one, or later." : "";
  return { within, dates, any: Boolean(dates) || windows.some(sameTime) };
}

/** `row`: null for a new one, which comes to `position`. `read()`: it as it is now; `remove(row)` may throw Problem. */
export function MenuForm({ row, position, read, remove, onSaved, onClose }) {
  const [tried, setTried] = useState(false);
  const removing = useAct();
  const { draft, set, busy, submit, refusal } = useForm({
    row,
    fresh: { ...FRESH, position },
    fields: FIELDS,
    add: PATH,
    at: `${PATH}/${row?.id}`,
    read,
    done: (saved) => {
      toast(`${plain(saved.name)} is saved`, { tone: "good" });
      onSaved();
    },
  });
  const faults = faultsOf(draft);
  const finish = (event) => {
    setTried(true);
    if (faults.any) event.preventDefault();
    else submit(event);
  };
  const drop = async () => {
    if (await removing.run(() => remove(row))) onSaved();
  };
  const date = (field) => ({
    type: "date",
    value: draft[field] ?? "",
    onInput: (event) => set(field)(event.target.value || null),
  });
  const categories = menu.value?.categories ?? [];
  const about = (item) => (draft.category_ids.includes(item.category.id) ? `on it with ${plain(item.category.name)}` : plain(item.category.name));
  return html`<${Dialog} title=${row ? plain(row.name) : "Add a menu"} name="timed-menu" wide onClose=${onClose}>
    <form class="stack" onSubmit=${finish}>
      <label class="field">Name <input name="menu-name" required maxlength=${NAME_MAX} autocomplete="off" value=${draft.name} data-focus placeholder="Breakfast"
        onInput=${(event) => set("name")(event.target.value)} /></label>
      <h3>When it is served</h3>
      <${Windows} value=${draft.windows} onChange=${set("windows")} within=${faults.within} none="The whole day. Add hours to serve it at certain times." />
      <div class="dates">
        <label class="field">First day <input name="first-day" ...${date("effective_from")} /></label>
        <label class="field">Last day <input name="last-day" aria-invalid=${Boolean(faults.dates)} ...${date("effective_until")} /></label>
      </div>
      <small class=${faults.dates ? "hint bad" : "hint"}>${faults.dates || "Without days it is served until you remove it."}</small>
      <h3>What is on it</h3>
      <p class="quiet">What is on a menu is only sold while one of its menus is served.</p>
      <div class="two">
        <${Ticks} label="Categories" noun="a category" rows=${categories} chosen=${draft.category_ids} most=${CATEGORIES_MAX} onChange=${set("category_ids")} />
        <${Ticks} label="Items" noun="an item" rows=${items.value} chosen=${draft.item_ids} most=${ITEMS_MAX} about=${about} onChange=${set("item_ids")} />
      </div>
      ${tried && faults.any && html`<p class="notice bad" role="alert">Look at the hours and days again.</p>`}
      ${refusal}<${Refusal} problem=${removing.problem} />
      <div class="row spread">
        ${
          row
            ? html`<button type="button" class="danger" disabled=${removing.busy} onClick=${drop}>Remove</button>`
            : html`<button type="button" class="ghost" onClick=${onClose}>Cancel</button>`
        }
        <button class="primary big" disabled=${busy}>${busy ? "Saving…" : row ? "Save" : "Add it"}</button>
      </div>
    </form>
  <//>`;
}
