// A category: its name, and its end.
import { count, plain } from "../../text.js";
import { Dialog, Refusal } from "../../ui.js";
import { html, useState } from "../../view.js";
import { addCategory, removeCategory, renameCategory } from "./menu_changes.js";

const NAME_MAX = 120;

/** `category`: null for a new one. `onAdded(category)`. */
export function CategoryDialog({ category = null, onClose, onAdded = () => {} }) {
  const [name, setName] = useState(category?.name ?? "");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState(null);
  const run = async (act) => {
    if (busy) return;
    setBusy(true);
    setProblem(null);
    try {
      await act();
      onClose();
    } catch (refusal) {
      setProblem(refusal);
      setBusy(false);
    }
  };
  const finish = (event) => {
    event.preventDefault();
    if (!name.trim()) return;
    run(async () => (category ? renameCategory(category, name.trim()) : onAdded(await addCategory(name.trim()))));
  };
  const held = category?.items.length ?? 0;
  return html`<${Dialog} title=${category ? plain(category.name) : "New category"} name="category" onClose=${onClose}>
    <form class="stack" onSubmit=${finish}>
      <label class="field">Name <input name="category-name" maxlength=${NAME_MAX} required autocomplete="off" value=${name}
        aria-invalid=${problem?.code === "name_taken"} onInput=${(event) => setName(event.target.value)} /></label>
      ${held > 0 && html`<p class="quiet">${count(held, "item")} in it: move or remove them before you remove the category.</p>`}
      <${Refusal} problem=${problem} />
      <div class="row spread">
        ${
          category
            ? html`<button type="button" class="danger" disabled=${busy || held > 0} onClick=${() => run(() => removeCategory(category))}>Remove</button>`
            : html`<button type="button" class="ghost" onClick=${onClose}>Cancel</button>`
        }
        <button class="primary big" disabled=${busy || !name.trim()}>${busy ? "Saving…" : category ? "Save" : "Add category"}</button>
      </div>
    </form>
  <//>`;
}
