// An amount among other fields: a button that shows it, and the money pad when it is pressed.
import { money } from "../money.js";
import { html, useState } from "../view.js";
import { AMOUNT_MAX_MINOR } from "./amount.js";
import { Dialog } from "./dialog.js";
import { MoneyPad } from "./money_pad.js";
import { Segmented } from "./segmented.js";

const SIGNS = [
  { value: 1, label: "Adds" },
  { value: -1, label: "Takes off" },
];

/**
 * `value`: minor units or null. `signed`: it may be taken off too. `fault`: what is wrong with it. `max`, `format` and
 * `quick` are those of the pad.
 */
export function PriceField({ label, name, value, onChange, currency, signed = false, fault = "", ...more }) {
  const { max = AMOUNT_MAX_MINOR, format = (minor) => money(minor, currency), quick = [], empty = "Set it", compact = false } = more;
  const [open, setOpen] = useState(false);
  const shown = value === null ? empty : signed && value > 0 ? `+${format(value)}` : format(value);
  return html`<div class="field price-field ${compact ? "compact" : ""}">
    <span aria-hidden="true">${label}</span>
    <button type="button" class="price" data-name=${name} aria-label=${`${label}: ${shown}`} data-faulty=${Boolean(fault)}
      onClick=${() => setOpen(true)}>${shown}</button>
    ${fault && html`<small class="hint bad">${fault}</small>`}
    ${
      open &&
      html`<${PriceDialog} label=${label} name=${name} start=${value} signed=${signed} currency=${currency} max=${max} format=${format}
        quick=${quick} onClose=${() => setOpen(false)} onDone=${(next) => (setOpen(false), onChange(next))} />`
    }
  </div>`;
}

function PriceDialog({ label, name, start, signed, currency, max, format, quick, onClose, onDone }) {
  // What it was is there to be read: the first digit begins anew.
  const [value, setValue] = useState(null);
  const [sign, setSign] = useState(start < 0 ? -1 : 1);
  const finish = (event) => {
    event.preventDefault();
    // Of this dialog, not of the form around the field.
    event.stopPropagation();
    onDone(value === null && start === null ? null : (value ?? Math.abs(start)) * sign || 0);
  };
  return html`<${Dialog} title=${label} name="price" onClose=${onClose}>
    <form class="stack" onSubmit=${finish}>
      ${signed && html`<${Segmented} label="Adds or takes off" value=${sign} options=${SIGNS} onChange=${setSign} />`}
      <${MoneyPad} label=${label} name=${name} value=${value} onChange=${setValue} currency=${currency} max=${max} format=${format}
        placeholder=${start === null ? undefined : format(Math.abs(start))} quick=${quick} focus />
      <button class="primary big">Take it</button>
    </form>
  <//>`;
}
