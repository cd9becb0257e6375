// Short notices, some with an undo. They are drawn in front of whatever dialog is open.
import { html, signal, useEffect } from "../view.js";

const TOAST_MS = 6_000;
/** Long enough to notice a slip of the finger, look up and press. */
export const UNDO_MS = 10_000;
const TOASTS_MAX = 4;
let toastNumber = 0;

/** Notices that are shown: [{id, text, tone, action?: {label, run}}]. */
export const toasts = signal([]);
// Names of the layers that are open; the last is in front. A modal dialog covers everything outside of it, so the
// notices are drawn inside.
const layers = signal([]);

/** Shows a notice for some seconds. `tone`: "good", "bad" or "". */
export function toast(text, { tone = "", action = null, milliseconds = TOAST_MS } = {}) {
  toastNumber += 1;
  const id = toastNumber;
  toasts.value = [...toasts.value, { id, text, tone, action }].slice(-TOASTS_MAX);
  setTimeout(() => dismiss(id), milliseconds);
}

/** Says what was just done, and takes it back when asked to. */
export function toastUndo(text, undo) {
  toast(text, { action: { label: "Undo", run: undo }, milliseconds: UNDO_MS });
}

function dismiss(id) {
  toasts.value = toasts.value.filter((one) => one.id !== id);
}

/** A dialog calls this: from its opening to its end it holds the notices. `layer`: any object of its own. */
export function useToastLayer(layer) {
  useEffect(() => {
    layers.value = [...layers.value, layer];
    return () => {
      layers.value = layers.value.filter((one) => one !== layer);
    };
  }, [layer]);
}

/** The notices; on a page without `layer`, in a dialog with its own. */
export function Toasts({ layer = null }) {
  const front = layers.value.at(-1) ?? null;
  if (front !== layer) return null;
  return html`<div class="toasts" role="status" aria-live="polite">
    ${toasts.value.map(
      (one) => html`<div class="toast ${one.tone}" key=${one.id}>
        <span>${one.text}</span>
        ${
          one.action &&
          html`<button type="button" class="link" onClick=${() => (dismiss(one.id), one.action.run())}>${one.action.label}</button>`
        }
        <button type="button" class="icon" aria-label="Dismiss" onClick=${() => dismiss(one.id)}>×</button>
      </div>`,
    )}
  </div>`;
}
