// What one unit of an item takes of ingredients. What its scarcest ingredient allows is what is left of the item.
import { get } from "../../api.js";
import { loadMenu } from "../../menu.js";
import { plain, stockAmount, unitName } from "../../text.js";
import { Dialog, NumberField, Refusal, toast } from "../../ui.js";
import { html, useState } from "../../view.js";
import { hasWords } from "./levels.js";
import { all, byName, items, levels } from "./known.js";
import { useRead } from "./reading.js";
import { useForm } from "./saving.js";

const TAKES_MAX = 50;
const QUANTITY_MAX = 1_000_000;

export function Recipes() {
  const [search, setSearch] = useState("");
  const [open, setOpen] = useState(null);
  const shown = items.value.filter((item) => hasWords(item.name, search.trim()));
  if (!items.value.length) return html`<p class="empty">Nothing is on the menu yet. A recipe belongs to an item of it.</p>`;
  return html`<div class="stack">
    <input type="search" class="find" placeholder="Find an item" aria-label="Find an item" value=${search} onInput=${(event) => setSearch(event.target.value)} />
    ${shown.length === 0 && html`<p class="empty">No item is called so.</p>`}
    <ul class="rows">${shown.map(
      (item) => html`<li key=${item.id} class="house-row" data-recipe=${item.name}>
        <div class="about"><strong><bdi>${plain(item.name)}</bdi></strong><small class="quiet"><bdi>${plain(item.category.name)}</bdi>${
          levels.value.some((level) => level.item_id === item.id) ? " · counted itself" : item.stock_left === null ? "" : ` · enough for ${stockAmount(item.stock_left)}`
        }</small></div>
        <button aria-label=${`Recipe of ${plain(item.name)}`} onClick=${() => setOpen(item)}>Recipe</button></li>`,
    )}</ul>
    ${open && html`<${Recipe} key=${open.id} item=${open} onClose=${() => setOpen(null)} />`}
  </div>`;
}

function Recipe({ item, onClose }) {
  const read = () => get(`/menu/items/${item.id}/recipe`);
  const { found, problem } = useRead(async () => ({ row: await read(), ingredients: await all("/ingredients") }), [item.id]);
  return html`<${Dialog} title=${`Recipe: ${plain(item.name)}`} name="recipe" wide onClose=${onClose}>
    <${Refusal} problem=${problem} />
    ${!found && !problem && html`<p class="quiet">Looking it up…</p>`}
    ${found && !found.ingredients.length && html`<p class="empty">No ingredients are known yet. Add them under Ingredients first.</p>`}
    ${found?.ingredients.length > 0 && html`<${RecipeForm} item=${item} ...${found} read=${read} onClose=${onClose} />`}
  <//>`;
}

function RecipeForm({ item, row, ingredients, read, onClose }) {
  const { draft, set, busy, submit, refusal } = useForm({
    row,
    fields: ["takes"],
    at: `/menu/items/${item.id}/recipe`,
    read,
    done: (saved) => {
      // What is left of it is reckoned from now on.
      loadMenu();
      toast(saved.takes.length ? `The recipe of ${plain(item.name)} is saved` : `${plain(item.name)} has no recipe any more`, { tone: "good" });
      onClose();
    },
  });
  const { takes } = draft;
  const taken = new Set(takes.map((take) => take.ingredient_id));
  const free = [...ingredients].sort(byName).filter((one) => !taken.has(one.id));
  const change = (index, what) => set("takes")(takes.map((take, at) => (at === index ? { ...take, ...what } : take)));
  const add = (event) => {
    if (event.target.value) set("takes")([...takes, { ingredient_id: event.target.value, quantity: null }]);
    event.target.value = "";
  };
  const counted = levels.value.some((level) => level.item_id === item.id);
  return html`<form class="stack" onSubmit=${submit}>
    ${takes.length === 0 && html`<p class="quiet">${plain(item.name)} has no recipe.</p>`}
    ${counted && html`<p class="notice warn">It is counted itself now. With a recipe it is not any more: what its ingredients allow is what is left.</p>`}
    ${takes.map((take, index) => {
      const one = ingredients.find((each) => each.id === take.ingredient_id);
      const name = plain(one?.name ?? "An ingredient that is gone");
      return html`<div class="take" key=${take.ingredient_id} data-take=${name}>
        <${NumberField} label=${name} name="take" unit=${unitName(one?.unit) || "pieces"} value=${take.quantity} min=${1} max=${QUANTITY_MAX} onChange=${(quantity) => change(index, { quantity })} />
        <button type="button" class="icon" aria-label=${`No ${name}`} onClick=${() => set("takes")(takes.filter((_, at) => at !== index))}>×</button></div>`;
    })}
    ${
      takes.length < TAKES_MAX &&
      free.length > 0 &&
      html`<label class="field">One unit also takes <select name="add-take" data-focus value="" onChange=${add}><option value="">Choose an ingredient…</option>
      ${free.map((one) => html`<option key=${one.id} value=${one.id}>${plain(one.name)}</option>`)}</select></label>`
    }
    ${refusal}
    <button class="primary big" disabled=${busy || takes.some((take) => !take.quantity)}>Save the recipe</button>
  </form>`;
}
