// Stock: what is on the shelf, what it is made of, who brings it, and what to order.
import { rove } from "../../ui.js";
import { html, useState } from "../../view.js";
import { Ingredients } from "./ingredients.js";
import { Levels } from "./levels.js";
import { Recipes } from "./recipes.js";
import { Reorder } from "./reorder.js";
import { Suppliers } from "./suppliers.js";

const VIEWS = {
  levels: ["On the shelf", Levels],
  ingredients: ["Ingredients", Ingredients],
  recipes: ["Recipes", Recipes],
  suppliers: ["Suppliers", Suppliers],
  reorder: ["To order", Reorder],
};

export function Panel() {
  const [view, setView] = useState("levels");
  const [, View] = VIEWS[view];
  return html`<div class="house stack">
    <div class="house-head"><h1>Stock</h1>
      <div class="pick-tabs" role="tablist" aria-label="Of stock" onKeyDown=${(event) => rove(event)?.click()}>
        ${Object.entries(VIEWS).map(
          ([name, [label]]) => html`<button role="tab" key=${name} aria-selected=${view === name} tabindex=${view === name ? 0 : -1}
            onClick=${() => setView(name)}>${label}</button>`,
        )}</div></div>
    <${View} key=${view} />
  </div>`;
}
