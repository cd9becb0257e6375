// A small number with one more and one less.
import { html } from "../view.js";

/** `label` names what is counted to people who do not see it. */
export function Stepper({ value, onChange, min = 1, max = 99, label = "", small = false }) {
  const about = label ? ` ${label}` : "";
  return html`<div class="stepper ${small ? "small" : ""}">
    <button type="button" aria-label=${`One less${about}`} disabled=${value <= min} onClick=${() => onChange(value - 1)}>−</button>
    <output>${value}</output>
    <button type="button" aria-label=${`One more${about}`} disabled=${value >= max} onClick=${() => onChange(value + 1)}>+</button>
  </div>`;
}
