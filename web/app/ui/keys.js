// Keys of a page, and the list of them on "?".
import { html, useEffect } from "../view.js";
import { Dialog } from "./dialog.js";

const TYPING = "input, textarea, select, [role=spinbutton], [contenteditable]";

/** Calls `keys[event.key]` while nobody types and no dialog is open. */
export function useKeys(keys) {
  useEffect(() => {
    const press = (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      if (event.target.closest?.(TYPING) || document.querySelector("dialog:modal")) return;
      const act = keys[event.key];
      if (!act) return;
      event.preventDefault();
      act();
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, [keys]);
}

/** `keys`: [[key, what it does]]. */
export function KeysHelp({ keys, onClose }) {
  return html`<${Dialog} title="Keys" name="keys" onClose=${onClose}>
    <table class="keys"><tbody>
      ${keys.map(([key, words]) => html`<tr key=${key}><th scope="row"><kbd>${key}</kbd></th><td>${words}</td></tr>`)}
    </tbody></table>
    <button type="button" class="primary big" onClick=${onClose}>Done</button>
  <//>`;
}
