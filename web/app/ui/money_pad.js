// One amount of money: the field, the notes that one presses instead of typing, and the keypad.
import { money } from "../money.js";
import { html, useState } from "../view.js";
import { AMOUNT_MAX_MINOR, typed } from "./amount.js";
import { AmountField } from "./amount_field.js";
import { Keypad } from "./keypad.js";

/**
 * `value`: minor units or null. `quick`: [{label, minor, run?}]; one without `run` is put into the field. `max`:
 * what can be typed at most; it is said under the field. `format`: how a number is shown that is no money; `placeholder`: what
 * is shown while nothing is typed.
 */
export function MoneyPad({ label, name, value, onChange, currency, max = AMOUNT_MAX_MINOR, quick = [], ...more }) {
  const { disabled = false, focus = false, children = null, format = (minor) => money(minor, currency), placeholder } = more;
  const [refused, setRefused] = useState(false);
  const key = (pressed) => {
    const next = typed(value, pressed, max);
    setRefused(next.refused);
    if (next.value !== value) onChange(next.value);
  };
  const take = (minor) => {
    setRefused(false);
    onChange(minor);
  };
  const press = (one) => (one.run ? one.run(one.minor) : take(one.minor));
  return html`<div class="money-pad">
    <div class="stack">
      <${AmountField} label=${label} name=${name} value=${value} onChange=${take} max=${max} format=${format}
        limit=${`Up to ${format(max)}`} placeholder=${placeholder} disabled=${disabled} focus=${focus} />
      ${refused && html`<small class="hint bad" role="alert">Not taken: up to ${format(max)}.</small>`}
      ${
        quick.length > 0 &&
        html`<div class="quick">
        ${quick.map(
          (one) => html`<button type="button" class=${one.wide ? "exact" : ""} key=${one.label} disabled=${disabled}
            onClick=${() => press(one)}>${one.label}</button>`,
        )}
      </div>`
      }
      ${children}
    </div>
    <${Keypad} onKey=${key} disabled=${disabled} />
  </div>`;
}
