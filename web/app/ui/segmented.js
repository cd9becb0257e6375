// A choice of few, all visible.
import { html } from "../view.js";
import { rove } from "./rove.js";

/** `options`: [{value, label}]. One stop for Tab; the arrows choose. */
export function Segmented({ label, value, options, onChange }) {
  const move = (event) => rove(event)?.click();
  return html`<div class="segmented" role="radiogroup" aria-label=${label} onKeyDown=${move}>
    ${options.map(
      (option) => html`<button type="button" role="radio" aria-checked=${option.value === value} key=${option.value}
        tabindex=${option.value === value ? 0 : -1} onClick=${() => onChange(option.value)}>${option.label}</button>`,
    )}
  </div>`;
}
