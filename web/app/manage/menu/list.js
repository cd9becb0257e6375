// The menu as it is sold, to be put in order: categories with their items, each with the tap that takes it off.
import { fromPrice, sizesOf } from "../../choice.js";
import { menu } from "../../menu.js";
import { money } from "../../money.js";
import { count, plain } from "../../text.js";
import { Grip, rove, rowClass, useSorting } from "../../ui.js";
import { html, useState } from "../../view.js";
import { CategoryDialog } from "./category.js";
import { beginItem, choose, chosen, drafts, entryOf } from "./drafts.js";
import { isOff, moveCategory, moveItem, setOff, stepCategory, stepItem } from "./menu_changes.js";

const fold = (text) => text.normalize("NFKD").replace(/\p{Mn}/gu, "").toLowerCase();

/** Whether an item is meant by `words`: all of them in its name, or its number. */
function found(item, words) {
  const text = fold(`${item.name} ${item.description ?? ""}`);
  return words.every((word) => text.includes(word)) || words.join("") === item.barcode || words.join("") === item.plu;
}

/** New items that are not saved; those whose category is gone stand in the first one. */
function newOnes({ id }, categories) {
  const known = new Set(categories.map((one) => one.id));
  const placeOf = ({ category_id }) => (known.has(category_id) ? category_id : categories[0].id);
  return Object.entries(drafts.value).filter(([, { base, values }]) => !base && placeOf(values) === id);
}

export function List({ search }) {
  const [named, setNamed] = useState(null);
  const [told, setTold] = useState("");
  const { categories, currency } = menu.value;
  const words = fold(search).split(/\s+/).filter(Boolean);
  const say = (act) => (id, step) => {
    act(id, step);
    setTold(placeWords(id));
  };
  // On the head of a category: where it begins.
  const drop = (id, over, after) => moveItem(id, over, after && !categories.some((one) => one.id === over));
  const items = useSorting({ kind: "item", onMove: drop, onStep: say(stepItem) });
  const groups = useSorting({ kind: "category", onMove: moveCategory, onStep: say(stepCategory) });
  const shown = categories
    .map((category) => ({ category, rows: words.length ? category.items.filter((item) => found(item, words)) : category.items }))
    .filter(({ rows }) => !words.length || rows.length);
  return html`<div class="menu-list" onKeyDown=${(event) => rove(event, ".menu-item")}>
    ${shown.map(({ category, rows }) => {
      const name = plain(category.name);
      const begun = newOnes(category, categories);
      return html`<section key=${category.id} class="menu-category ${rowClass(groups, category.id)}" data-row=${category.id} data-kind="category" data-category=${category.name}>
        <header class=${rowClass(items, category.id)} data-row=${category.id} data-kind="item">
          ${!words.length && html`<${Grip} of=${groups.grip(category.id, name)} />`}
          <h3><bdi>${name}</bdi></h3><small class="quiet">${count(category.items.length, "item")}</small>
          <button type="button" class="ghost" aria-label=${`Change ${name}`} onClick=${() => setNamed(category)}>Change</button>
          <button type="button" aria-label=${`Add an item to ${name}`} onClick=${() => beginItem(category.id)}>+ Item</button>
        </header>
        <ul>${rows.map((item) => html`<${Row} key=${item.id} item=${item} currency=${currency} sorting=${words.length ? null : items} />`)}
          ${begun.map(([key]) => html`<${NewRow} key=${key} editing=${key} />`)}
          ${!rows.length && !begun.length && html`<li class="quiet none">Nothing in it yet.</li>`}</ul>
      </section>`;
    })}
    ${words.length > 0 && !shown.length && html`<p class="empty">Nothing on the menu is called “${plain(search)}”, or has that number.</p>`}
    <p class="sr-only" role="status">${told}</p>
    ${named && html`<${CategoryDialog} category=${named} onClose=${() => setNamed(null)} />`}
  </div>`;
}

/** "Burger: place 2 of 5 in Grill", as it is after a step. */
function placeWords(id) {
  const categories = menu.value.categories;
  const place = (rows) => `place ${rows.findIndex((one) => one.id === id) + 1} of ${rows.length}`;
  const own = categories.find((one) => one.id === id);
  if (own) return `${plain(own.name)}: ${place(categories)}`;
  const category = categories.find((one) => one.items.some((item) => item.id === id));
  const item = category?.items.find((one) => one.id === id);
  return item ? `${plain(item.name)}: ${place(category.items)} in ${plain(category.name)}` : "";
}

function Row({ item, currency, sorting }) {
  const off = isOff(item.id);
  const name = plain(item.name);
  const here = chosen.value === item.id;
  return html`<li class="menu-row ${sorting ? rowClass(sorting, item.id) : ""}" data-row=${item.id} data-kind="item" data-item-name=${item.name}>
    ${sorting && html`<${Grip} of=${sorting.grip(item.id, name)} />`}
    <button type="button" class="menu-item" aria-current=${here ? "true" : undefined} onClick=${() => choose(item.id)}>
      <span><bdi>${name}</bdi> ${drafts.value[item.id] && html`<span class="badge warn">Not saved</span>`}<${State} item=${item} off=${off} /></span>
      <span class="menu-price">${sizesOf(item) ? "from " : ""}${money(fromPrice(item), currency)}</span>
    </button>
    <button type="button" class="off-button ${off ? "off" : ""}" aria-pressed=${off} aria-label=${`Take ${name} off (86)`}
      onClick=${() => setOff(item, !off)}>${off ? "Off" : "86"}</button>
  </li>`;
}

function State({ item, off }) {
  if (off || item.available) return null;
  return html` <span class="badge">${item.stock_left !== null && item.stock_left <= 0 ? "Sold out" : "Not now"}</span>`;
}

function NewRow({ editing }) {
  const { values } = entryOf(editing);
  return html`<li class="menu-row new">
    <button type="button" class="menu-item" aria-current=${chosen.value === editing ? "true" : undefined} onClick=${() => choose(editing)}>
      <span><bdi>${plain(values.name) || "New item"}</bdi> <span class="badge warn">Not saved</span></span></button>
  </li>`;
}
