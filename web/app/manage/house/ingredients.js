// What is not sold itself: flour by the gram, milk by the millilitre, buns by the piece.
import { plain, stockAmount } from "../../text.js";
import { Dialog, Refusal, Segmented, toast } from "../../ui.js";
import { html, useState } from "../../view.js";
import { hasWords } from "./levels.js";
import { all, byName, levels } from "./known.js";
import { useRead } from "./reading.js";
import { Remove } from "./removing.js";
import { useForm } from "./saving.js";
import { Shelf } from "./shelf.js";

const NAME_MAX = 120;
const UNITS = [
  { value: "piece", label: "Pieces" },
  { value: "gram", label: "Grams" },
  { value: "millilitre", label: "Millilitres" },
];

export function Ingredients() {
  // Its level is counted under its id: a new one, and one that is gone, moves them.
  const ids = levels.value.map((level) => level.item_id).join();
  const { found, problem, again } = useRead(() => all("/ingredients"), [ids]);
  const [search, setSearch] = useState("");
  const [open, setOpen] = useState(null);
  const [shelf, setShelf] = useState(null);
  const dialogs = html`
    ${open && html`<${IngredientForm} row=${open.row} onClose=${() => (setOpen(null), again())} />`}
    ${shelf && html`<${Shelf} key=${shelf} itemId=${shelf} onClose=${() => setShelf(null)} />`}`;
  if (!found) return problem ? html`<${Refusal} problem=${problem}><button class="link" onClick=${again}>Try again</button><//>` : html`<p class="empty">Looking them up…</p>`;
  const add = (tone) => html`<button class=${tone} onClick=${() => setOpen({})}>Add an ingredient</button>`;
  if (!found.length) {
    return html`<div class="empty stack"><p>No ingredients yet. With them and a recipe, an order of a burger takes a bun and 180 g of beef off the shelf.</p>
      <p>${add("primary big")}</p>${dialogs}</div>`;
  }
  const shown = [...found].sort(byName).filter((one) => hasWords(one.name, search.trim()));
  return html`<div class="stack">
    <div class="row wrap"><input type="search" class="find" placeholder="Find an ingredient" aria-label="Find an ingredient" value=${search} onInput=${(event) => setSearch(event.target.value)} />${add("")}</div>
    <${Refusal} problem=${problem} />
    ${shown.length === 0 && html`<p class="empty">No ingredient is called so.</p>`}
    <ul class="rows">${shown.map((one) => {
      const level = levels.value.find((each) => each.item_id === one.id);
      return html`<li key=${one.id} class="house-row" data-ingredient=${one.name}>
        <div class="about"><strong><bdi>${plain(one.name)}</bdi></strong><small class="quiet">In ${UNITS.find((unit) => unit.value === one.unit)?.label.toLowerCase()}</small></div>
        <output class="left" aria-label="Left">${level ? stockAmount(level.available, level.unit) : "–"}</output>
        <div class="acts">${level && html`<button aria-label=${`Count and more: ${plain(one.name)}`} onClick=${() => setShelf(one.id)}>Count</button>`}
          <button class="ghost" aria-label=${`Change ${plain(one.name)}`} onClick=${() => setOpen({ row: one })}>Change</button></div></li>`;
    })}</ul>
    ${dialogs}
  </div>`;
}

function IngredientForm({ row, onClose }) {
  const { draft, set, busy, submit, refusal } = useForm({
    row,
    fresh: { name: "", unit: "gram" },
    fields: ["name", "unit"],
    add: "/ingredients",
    at: `/ingredients/${row?.id}`,
    read: async () => (await all("/ingredients")).find((one) => one.id === row.id),
    done: (saved) => {
      if (!row) toast(`${plain(saved.name)} is known. Count it, or take a delivery in.`, { tone: "good" });
      onClose();
    },
  });
  const unit = UNITS.find((one) => one.value === draft.unit)?.label;
  return html`<${Dialog} title=${row ? plain(row.name) : "Add an ingredient"} name="ingredient" onClose=${onClose}>
    <form class="stack" onSubmit=${submit}>
      <label class="field">Name <input name="ingredient-name" required maxlength=${NAME_MAX} value=${draft.name} data-focus onInput=${(event) => set("name")(event.target.value)} /></label>
      ${
        row
          ? html`<p class="quiet">Counted in ${unit?.toLowerCase()}, which stays: recipes and counts are in it.</p>`
          : html`<div class="field">Counted in <${Segmented} label="Counted in" value=${draft.unit} options=${UNITS} onChange=${set("unit")} /></div>`
      }
      ${refusal}
      <button class="primary big" disabled=${busy || !draft.name.trim()}>${row ? "Save" : "Add it"}</button>
    </form>
    ${row && html`<${Remove} path=${`/ingredients/${row.id}`} name=${row.name} done=${onClose} after="What is counted of it goes with it; its movements stay." />`}
  <//>`;
}
