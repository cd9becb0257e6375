// A modal dialog.
import { html, useLayoutEffect, useRef, useState } from "../view.js";
import { Toasts, useToastLayer } from "./toast.js";

// What one came to type in or to press, best first. Never the button that closes: Enter would throw the work away.
const FIRST = ["[data-focus]", "input:not([readonly])", ".primary:not(:disabled)", ".dialog-body button:not(:disabled)"];

/** `onClose` also answers Escape and a tap outside. Where it closes, the focus goes back to where it was. */
export function Dialog({ title, onClose, children, wide = false, name = "" }) {
  const element = useRef(null);
  const [layer] = useState(() => ({}));
  useToastLayer(layer);
  // Before it is drawn: a key that is pressed right away is for it.
  useLayoutEffect(() => {
    const dialog = element.current;
    const before = document.activeElement;
    dialog.showModal();
    const first = FIRST.map((wanted) => dialog.querySelector(wanted)).find(Boolean);
    (first || dialog).focus();
    return () => {
      dialog.close();
      // Another dialog may have taken over in the meantime; what was pressed may be gone.
      if (before?.isConnected && !document.querySelector("dialog:modal")) before.focus();
    };
  }, []);
  const cancel = (event) => {
    event.preventDefault();
    onClose();
  };
  const outside = (event) => event.target === element.current && onClose();
  return html`<dialog ref=${element} class=${wide ? "wide" : ""} data-dialog=${name} aria-label=${title} tabindex="-1"
    onCancel=${cancel} onMouseDown=${outside}>
    <div class="sheet">
      <header><h2>${title}</h2><button type="button" class="icon" aria-label="Close" onClick=${onClose}>×</button></header>
      <div class="dialog-body">${children}</div>
    </div>
    <${Toasts} layer=${layer} />
  </dialog>`;
}
