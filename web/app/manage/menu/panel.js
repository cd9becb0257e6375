// The menu: the list, and beside it the item that is edited.
import { loadMenu, menu, menuProblem } from "../../menu.js";
import { say } from "../../problem.js";
import { KeysHelp, useKeys } from "../../ui.js";
import { html, useMemo, useState } from "../../view.js";
import { CategoryDialog } from "./category.js";
import { beginItem, chosen, drafts, entryOf } from "./drafts.js";
import { Editor } from "./editor.js";
import { FilesDialog } from "./files.js";
import { List } from "./list.js";

const KEYS = [
  ["/", "Find an item by its name or number"],
  ["↑ ↓", "Move within the list; on a grip: move the item or the category"],
  ["Enter", "Open the item that is marked"],
  ["Esc", "Close a dialog"],
  ["?", "This list"],
];

export function Panel() {
  const [search, setSearch] = useState("");
  const [open, setOpen] = useState("");
  const keys = useMemo(() => ({ "/": () => document.querySelector(".menu-tools input")?.focus(), "?": () => setOpen("keys") }), []);
  useKeys(keys);
  if (!menu.value) return html`<${NoMenu} />`;
  const close = () => setOpen("");
  // Read so that what is typed shows.
  const edited = drafts.value && chosen.value && entryOf(chosen.value) ? chosen.value : "";
  const empty = menu.value.categories.length === 0;
  return html`<div class="menu-panel ${edited ? "editing" : ""}">
    ${
      empty
        ? html`<${FirstSteps} open=${setOpen} />`
        : html`<section class="menu-side" aria-label="Menu">
          <div class="menu-tools">
            <input type="search" placeholder="Find an item" aria-label="Find an item" value=${search} onInput=${(event) => setSearch(event.target.value)} />
            <button type="button" onClick=${() => setOpen("category")}>Add category</button>
            <button type="button" onClick=${() => setOpen("files")}>Import or export</button>
          </div>
          <${List} search=${search} />
        </section>
        ${edited ? html`<${Editor} key=${edited} editing=${edited} />` : html`<p class="empty editor-none">Choose an item to change it, or add one to a category.</p>`}`
    }
    ${open === "category" && html`<${CategoryDialog} onClose=${close} onAdded=${(category) => empty && beginItem(category.id)} />`}
    ${open === "keys" && html`<${KeysHelp} keys=${KEYS} onClose=${close} />`}
    ${open === "files" && html`<${FilesDialog} empty=${empty} onClose=${close} />`}
  </div>`;
}

function FirstSteps({ open }) {
  return html`<div class="empty stack first-steps">
    <h2>No menu yet</h2>
    <p>Import a file, or add the first category.</p>
    <div class="row">
      <button type="button" class="primary big" onClick=${() => open("category")}>Add the first category</button>
      <button type="button" class="big" onClick=${() => open("files")}>Import a file</button>
    </div>
  </div>`;
}

function NoMenu() {
  const problem = menuProblem.value;
  if (!problem) return html`<p class="empty">Loading the menu…</p>`;
  return html`<div class="empty stack" role="alert"><p>${say(problem)}</p><button type="button" onClick=${() => loadMenu()}>Try again</button></div>`;
}
