// An item as a tile: on the till to be taken, where the menu is edited to be looked at.
import { fromPrice, sizesOf } from "../choice.js";
import { LOW_STOCK } from "../menu.js";
import { money } from "../money.js";
import { allergenName, plain } from "../text.js";
import { html } from "../view.js";

/** `left`: null where it is not counted. `gone`: none can be taken. */
export function Tile({ item, currency, soldOut = false, left = null, gone = false, inBasket = 0, onTake }) {
  // Not "disabled": the tile under the finger keeps the focus when its last one was taken.
  return html`<button type="button" class="item" aria-disabled=${gone} onClick=${onTake} data-item=${item.id}>
    <span class="item-name"><bdi>${plain(item.name)}</bdi></span>
    ${item.description && html`<span class="item-about"><bdi>${plain(item.description)}</bdi></span>`}
    ${item.allergens.length > 0 && html`<span class="item-allergens">${item.allergens.map(allergenName).join(", ")}</span>`}
    <span class="item-foot">
      <strong>${sizesOf(item) ? "from " : ""}${money(fromPrice(item), currency)}</strong>
      ${soldOut && html`<span class="badge bad">Sold out</span>`}
      ${!soldOut && left !== null && html`<span class="badge ${left <= LOW_STOCK ? "warn" : ""}">${left} left</span>`}
      ${inBasket > 0 && html`<span class="badge count">${inBasket}</span>`}
    </span>
  </button>`;
}
