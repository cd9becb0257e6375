// What is on the shelf now, of everything that is counted.
import { plain, stockAmount } from "../../text.js";
import { Dialog, Segmented } from "../../ui.js";
import { html, useState } from "../../view.js";
import { heard, items, levels } from "./known.js";
import { Shelf } from "./shelf.js";

const isLow = (level) => level.reorder_point > 0 && level.available <= level.reorder_point;
const SHOWN = { all: () => true, low: isLow, oversold: (level) => level.oversold };
const NOTHING = { low: "Nothing is low.", oversold: "Nothing is oversold.", all: "Nothing of that name is counted." };
const POLICIES = { block: "Never below nothing", warn: "Sold on, and told", allow: "Sold on" };

/** Whether a name has all the words of a search, whatever their case and accents. */
export function hasWords(name, search) {
  const fold = (text) => text.normalize("NFKD").replace(/\p{Mn}/gu, "").toLowerCase();
  return fold(search).split(/\s+/).every((word) => fold(name).includes(word));
}

export function Levels() {
  const [search, setSearch] = useState("");
  const [filter, setFilter] = useState("all");
  const [open, setOpen] = useState(null);
  const [more, setMore] = useState(false);
  const all = levels.value;
  const label = (value, words) => ({ value, label: `${words} ${all.filter(SHOWN[value]).length}` });
  const found = all.filter(SHOWN[filter]).filter((level) => hasWords(level.item_name ?? "", search.trim()));
  const dialogs = html`
    ${open && html`<${Shelf} key=${open} itemId=${open} onClose=${() => setOpen(null)} />`}
    ${more && html`<${CountAnother} onPick=${(id) => (setMore(false), setOpen(id))} onClose=${() => setMore(false)} />`}`;
  const begin = html`<button class=${all.length ? "" : "primary big"} onClick=${() => setMore(true)}>Count something else</button>`;
  if (!all.length) {
    if (!heard.value) return html`<p class="empty">Looking at the shelf…</p>`;
    return html`<div class="empty stack"><p>Nothing is counted yet. Count an item once, and from then on orders take from it.</p><p>${begin}</p>${dialogs}</div>`;
  }
  return html`<div class="stack">
    <div class="row wrap">
      <input type="search" class="find" placeholder="Find on the shelf" aria-label="Find on the shelf" value=${search} onInput=${(event) => setSearch(event.target.value)} />
      <${Segmented} label="Which" value=${filter} onChange=${setFilter} options=${[label("all", "All"), label("low", "Low"), label("oversold", "Oversold")]} />
      ${begin}
    </div>
    ${found.length === 0 && html`<p class="empty">${NOTHING[search.trim() ? "all" : filter]}</p>`}
    <ul class="rows" aria-label="On the shelf">${found.map((level) => html`<${Level} key=${level.item_id} level=${level} onOpen=${() => setOpen(level.item_id)} />`)}</ul>
    ${dialogs}
  </div>`;
}

function Level({ level, onOpen }) {
  const { unit } = level;
  return html`<li class="house-row" data-level=${level.item_name}>
    <div class="about"><strong><bdi>${plain(level.item_name ?? "An item that is gone")}</bdi></strong>
      ${level.oversold && html`<span class="badge bad">Oversold</span>`}
      ${!level.oversold && isLow(level) && html`<span class="badge warn">Low</span>`}
      <small class="quiet">${level.reserved ? `${stockAmount(level.on_hand, unit)} on the shelf, ${stockAmount(level.reserved, unit)} for orders · ` : ""}${POLICIES[level.policy] ?? plain(level.policy)}${level.reorder_point ? ` · low at ${stockAmount(level.reorder_point, unit)}` : ""}</small></div>
    <output class="left" aria-label="Left">${stockAmount(level.available, unit)}</output>
    <button aria-label=${`Count and more: ${plain(level.item_name ?? "")}`} onClick=${onOpen}>Open</button>
  </li>`;
}

/** Items of the menu that nobody counts yet. */
function CountAnother({ onPick, onClose }) {
  const [search, setSearch] = useState("");
  const counted = new Set(levels.value.map((level) => level.item_id));
  const found = items.value.filter((item) => !counted.has(item.id) && hasWords(item.name, search.trim()));
  return html`<${Dialog} title="What do you count?" name="count-another" onClose=${onClose}>
    <input type="search" placeholder="Find an item" aria-label="Find an item" value=${search} onInput=${(event) => setSearch(event.target.value)} />
    ${found.length === 0 && html`<p class="empty">${items.value.length ? "Everything of that name is counted." : "Nothing is on the menu yet."}</p>`}
    <ul class="rows pick-rows">${found.map(
      (item) => html`<li key=${item.id}><button class="choice" onClick=${() => onPick(item.id)}><bdi>${plain(item.name)}</bdi><small><bdi>${plain(item.category.name)}</bdi></small></button></li>`,
    )}</ul>
    <p class="quiet">An item with a recipe is not counted itself: count its ingredients.</p>
  <//>`;
}
