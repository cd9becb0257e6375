// The digits, for fingers. It types into whatever field its owner says; the focus stays in that field.
import { html } from "../view.js";
import { DELETE } from "./amount.js";

const KEYS = [..."123456789", "00", "0", DELETE];

export function Keypad({ onKey, disabled = false }) {
  const keepFocus = (event) => event.preventDefault();
  return html`<div class="keypad" role="group" aria-label="Number pad" onPointerDown=${keepFocus} onMouseDown=${keepFocus}>
    ${KEYS.map(
      (key) => html`<button type="button" tabindex="-1" key=${key} disabled=${disabled}
        aria-label=${key === DELETE ? "Delete" : key} onClick=${() => onKey(key)}>${key === DELETE ? "⌫" : key}</button>`,
    )}
  </div>`;
}
