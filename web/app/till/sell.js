// Choosing what a guest wants: categories, items, and a search.
import { addLine, quantityOf } from "../basket.js";
import { asks, loadMenu, LOW_STOCK, menu, menuProblem, stockOf } from "../menu.js";
import { money } from "../money.js";
import { say } from "../problem.js";
import { allergenName, plain } from "../text.js";
import { html, useState } from "../view.js";
import { BasketPanel } from "./basket_panel.js";
import { dialog, stock } from "./shop.js";

export function Sell() {
  const [category, setCategory] = useState("");
  const [search, setSearch] = useState("");
  const sold = menu.value;
  if (!sold) return html`<div class="sell"><${NoMenu} /><${BasketPanel} /></div>`;
  const shown = sold.categories.find((one) => one.id === category) || sold.categories[0];
  const words = search.trim().toLowerCase();
  const found = words
    ? sold.categories.flatMap((one) => one.items).filter((item) => item.name.toLowerCase().includes(words))
    : shown?.items || [];
  return html`<div class="sell">
    <section class="menu" aria-label="Menu">
      <div class="menu-head">
        <nav class="tabs" role="tablist" aria-label="Categories">
          ${sold.categories.map(
            (one) => html`<button role="tab" key=${one.id} aria-selected=${!words && one === shown}
              onClick=${() => (setCategory(one.id), setSearch(""))}>${plain(one.name)}</button>`,
          )}
        </nav>
        <input class="search" type="search" placeholder="Find an item" aria-label="Find an item" value=${search}
          onInput=${(event) => setSearch(event.target.value)} />
      </div>
      <div class="items">
        ${found.map((item) => html`<${Item} key=${item.id} item=${item} currency=${sold.currency} />`)}
        ${found.length === 0 && html`<p class="empty">${words ? "Nothing on the menu is called that." : "Nothing here yet."}</p>`}
      </div>
    </section>
    <${BasketPanel} />
  </div>`;
}

function NoMenu() {
  const problem = menuProblem.value;
  if (!problem) return html`<section class="menu"><p class="empty">Loading the menu…</p></section>`;
  return html`<section class="menu"><div class="empty stack" role="alert">
    <p>${say(problem)}</p><button onClick=${loadMenu}>Try again</button>
  </div></section>`;
}

function Item({ item, currency }) {
  const { soldOut, left } = stockOf(item, stock.value);
  const inBasket = quantityOf(item.id);
  const short = left !== null && inBasket >= left;
  const choose = () => {
    if (asks(item)) dialog.value = { name: "options", item };
    else addLine({ item });
  };
  return html`<button class="item" disabled=${soldOut || short} onClick=${choose} data-item=${item.id}>
    <span class="item-name"><bdi>${plain(item.name)}</bdi></span>
    ${item.description && html`<span class="item-about"><bdi>${plain(item.description)}</bdi></span>`}
    ${item.allergens.length > 0 && html`<span class="item-allergens">${item.allergens.map(allergenName).join(", ")}</span>`}
    <span class="item-foot">
      <strong>${money(item.price_minor, currency)}</strong>
      ${soldOut && html`<span class="badge bad">Sold out</span>`}
      ${!soldOut && left !== null && html`<span class="badge ${left <= LOW_STOCK ? "warn" : ""}">${left} left</span>`}
      ${inBasket > 0 && html`<span class="badge count">${inBasket}</span>`}
    </span>
  </button>`;
}
