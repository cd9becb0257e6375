// When an item can be ordered. No hours at all: always.
import { count } from "../../text.js";
import { WeekHours } from "../../ui.js";
import { html } from "../../view.js";

const MAX = 50;
const LUNCH = { weekdays: [], from_minutes: 720, until_minutes: 900 };

/** `within(path)`: what is wrong at or under a path; `none`: what it means that there are none. */
export function Windows({ value, onChange, within, none = "Sold whenever you are open." }) {
  const set = (index, next) => onChange(value.map((one, at) => (at === index ? next : one)));
  return html`<div class="stack">
    ${value.length === 0 && html`<p class="quiet">${none}</p>`}
    ${value.map(
      (one, index) => html`<div class="window" key=${index}>
        <${WeekHours} label=${`Hours ${index + 1}`} value=${one} onChange=${(next) => set(index, next)} fault=${within(`windows[${index}]`)} />
        <button type="button" class="ghost" aria-label=${`Remove hours ${index + 1}`}
          onClick=${() => onChange(value.filter((_, at) => at !== index))}>Remove</button>
      </div>`,
    )}
    ${value.length < MAX && html`<button type="button" onClick=${() => onChange([...value, LUNCH])}>Add hours</button>`}
    ${value.length >= MAX && html`<small class="hint">${count(MAX, "window")} at most.</small>`}
  </div>`;
}
