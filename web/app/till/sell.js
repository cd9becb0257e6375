// Choosing what a guest wants: categories, items, and a search.
import { quantityOf } from "../basket.js";
import { loadMenu, menu, menuProblem, stockOf } from "../menu.js";
import { say } from "../problem.js";
import { count, plain } from "../text.js";
import { rove } from "../ui.js";
import { html, useState } from "../view.js";
import { BasketPanel, basketOpen } from "./basket_panel.js";
import { firstOf, isGone, nothingWords, numberOf, take, useFound } from "./search.js";
import { dialog, stock } from "./shop.js";
import { Tile } from "./tile.js";

const LONG_PRESS_MS = 550;
/** The finger that is down: its timer, and whether it has opened something, so that lifting it takes nothing. */
const held = { timer: null, done: false };

export function Sell() {
  const [category, setCategory] = useState("");
  const [search, setSearch] = useState("");
  const words = search.trim();
  const answer = useFound(words);
  const sold = menu.value;
  if (!sold) return html`<div class="sell"><${NoMenu} /><${BasketPanel} /></div>`;
  const shown = sold.categories.find((one) => one.id === category) || sold.categories[0];
  const found = words ? answer.items : shown?.items || [];
  const choose = (id) => {
    setCategory(id);
    setSearch("");
  };
  return html`<div class="sell">
    <section class="menu" aria-label="Menu" inert=${basketOpen.value && isPhone()}>
      <div class="menu-head">
        <div class="tabs" role="tablist" aria-label="Categories" onKeyDown=${(event) => rove(event)?.click()}>
          ${sold.categories.map(
            (one) => html`<button role="tab" key=${one.id} aria-selected=${!words && one === shown}
              tabindex=${one === shown ? 0 : -1} onClick=${() => choose(one.id)}>${plain(one.name)}</button>`,
          )}
        </div>
        <input class="search" type="search" placeholder="Find an item" aria-label="Find an item" value=${search}
          onInput=${(event) => setSearch(event.target.value)} onKeyDown=${(event) => searchKeys(event, answer.asking, setSearch)} />
        <p class="sr-only" role="status">${words && !answer.asking ? (found.length ? `${count(found.length, "item")} found` : "Nothing found") : ""}</p>
      </div>
      <div class="items" role="group" aria-label="Items" onKeyDown=${(event) => rove(event, ".item")}>
        ${found.map((item) => html`<${Item} key=${item.id} item=${item} currency=${sold.currency} />`)}
        ${found.length === 0 && html`<p class="empty">${emptyWords(words, answer.asking)}</p>`}
      </div>
    </section>
    <${BasketPanel} />
  </div>`;
}

const isPhone = () => matchMedia("(max-width: 760px)").matches;

function emptyWords(words, asking) {
  if (!words) return "Nothing here yet.";
  return asking ? "Looking…" : nothingWords(words);
}

/**
 * From the search to what was found: Enter takes the first, the arrow goes there. A number is taken from here, as a
 * scanner types it, and the field waits for the next; Escape empties it.
 */
function searchKeys(event, asking, setSearch) {
  const field = event.currentTarget;
  const text = field.value.trim();
  if (event.key === "Escape" && field.value) {
    event.preventDefault();
    setSearch("");
  } else if (event.key === "Enter" && text && (asking || numberOf(text))) {
    event.preventDefault();
    firstOf(text).then((item) => {
      if (!item) return field.select();
      if (numberOf(text)) setSearch("");
      else document.querySelector(`.item[data-item="${item.id}"]`)?.focus();
      take(item);
    });
  } else if (event.key === "Enter" || event.key === "ArrowDown") {
    const first = document.querySelector(".items .item:not([aria-disabled=true])");
    if (!first) return;
    event.preventDefault();
    first.focus();
    if (event.key === "Enter") first.click();
  }
}

function NoMenu() {
  const problem = menuProblem.value;
  if (!problem) return html`<section class="menu"><p class="empty">Loading the menu…</p></section>`;
  return html`<section class="menu"><div class="empty stack" role="alert">
    <p>${say(problem)}</p><button onClick=${() => loadMenu()}>Try again</button>
  </div></section>`;
}

/** A tap takes the item; a long one, the other mouse button or Shift+Enter opens what can be done about it. */
function pressed(item) {
  const about = () => (dialog.value = { name: "item", item });
  return {
    // A click of the keyboard has no detail: no finger was down.
    onClick: (event) => (held.done && event.detail ? (held.done = false) : take(item)),
    onContextMenu: (event) => {
      event.preventDefault();
      clearTimeout(held.timer);
      if (!held.done) about();
      held.done = true;
    },
    onPointerDown: (event) => {
      held.done = false;
      clearTimeout(held.timer);
      if (event.button !== 0) return;
      held.timer = setTimeout(() => {
        held.done = true;
        about();
      }, LONG_PRESS_MS);
    },
    onPointerUp: () => clearTimeout(held.timer),
    onPointerLeave: () => clearTimeout(held.timer),
    onPointerCancel: () => clearTimeout(held.timer),
    onKeyDown: (event) => {
      if (event.key !== "Enter" || !event.shiftKey) return;
      event.preventDefault();
      about();
    },
  };
}

function Item({ item, currency }) {
  return html`<${Tile} item=${item} currency=${currency} sale=${stockOf(item, stock.value)} gone=${isGone(item)}
    inBasket=${quantityOf(item.id)} handlers=${pressed(item)} />`;
}
