// A tile that goes through a few states, one with each press.
import { html } from "../view.js";

/** `states`: [{value, label}] in their order; the first is the quiet one. */
export function StateTile({ label, states, value, onChange }) {
  const here = states.findIndex((state) => state.value === value);
  const next = states[(here + 1) % states.length];
  return html`<button type="button" class="state-tile" data-state=${value} aria-label=${`${label}: ${states[here].label}`}
    onClick=${() => onChange(next.value)}>
    <span>${label}</span>${here > 0 && html`<small>${states[here].label}</small>`}
  </button>`;
}
