// An item as a tile: on the till to be taken, where the menu is edited to be looked at.
import { fromPrice, sizesOf } from "../choice.js";
import { LOW_STOCK, menu, whyNot } from "../menu.js";
import { money } from "../money.js";
import { allergenName, plain } from "../text.js";
import { html } from "../view.js";

/** As many as dish.css has. */
const COLOURS = 8;
const ON_SALE = { soldOut: false, left: null, why: "", until: null };

/** Which of the colours of categories a tile has at its edge. */
function colourOf(item) {
  return Math.max(0, menu.value?.categories.findIndex((one) => one.id === item.category_id) ?? 0) % COLOURS;
}

/** `sale`: what stockOf says. `gone`: none can be taken. `handlers`: what is listened to, by the names of events. */
export function Tile({ item, currency, sale = ON_SALE, gone = false, inBasket = 0, handlers }) {
  const { soldOut, left } = sale;
  // Not "disabled": the tile under the finger keeps the focus when its last one was taken.
  return html`<button type="button" class="item ${item.image ? "pictured" : ""}" aria-disabled=${gone} data-item=${item.id}
    data-colour=${colourOf(item)} ...${handlers}>
    ${item.image && html`<img class="item-picture" src=${item.image.thumbnail_url} alt="" width="320" height="240" loading="lazy" decoding="async" />`}
    <span class="item-name"><bdi>${plain(item.name)}</bdi></span>
    ${item.description && html`<span class="item-about"><bdi>${plain(item.description)}</bdi></span>`}
    ${item.allergens.length > 0 && html`<span class="item-allergens">${item.allergens.map(allergenName).join(", ")}</span>`}
    <span class="item-foot">
      <strong>${sizesOf(item) ? "from " : ""}${money(fromPrice(item), currency)}</strong>
      ${soldOut && html`<span class="badge ${sale.why === "closed" ? "" : "bad"}">${whyNot(sale)}</span>`}
      ${!soldOut && left !== null && html`<span class="badge ${left <= LOW_STOCK ? "warn" : ""}">${left} left</span>`}
      ${inBasket > 0 && html`<span class="badge count">${inBasket}</span>`}
    </span>
  </button>`;
}
