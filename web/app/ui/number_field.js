// A whole number in a form: typed on whatever keyboard there is. Money has the pad, on which nothing is parsed.
import { html, useEffect, useState } from "../view.js";

const DIGITS = /^\d+$/;

/**
 * `value`: an integer or null; `onChange(integer or null)`. `unit` stands behind it. What is no number from `min` to
 * `max` is said under the field and holds the form back. `optional`: it may be empty.
 */
export function NumberField({ label, name, value, onChange, min = 0, max, unit = "", optional = false, ...more }) {
  const { disabled = false, focus = false } = more;
  const [text, setText] = useState(value === null ? "" : String(value));
  useEffect(() => {
    setText(value === null ? (before) => (DIGITS.test(before) ? "" : before) : String(value));
  }, [value]);
  const fault = faultOf(text, { min, max, optional });
  const input = (event) => {
    const typed = event.target.value.trim();
    setText(typed);
    event.target.setCustomValidity(faultOf(typed, { min, max, optional }));
    const next = DIGITS.test(typed) ? Number(typed) : null;
    if (next !== value) onChange(next);
  };
  return html`<label class="field number-field"><span>${label}</span>
    <span class="with-unit"><input name=${name} inputmode="numeric" autocomplete="off" value=${text} required=${!optional} disabled=${disabled}
      data-focus=${focus || undefined} aria-invalid=${text !== "" && Boolean(fault)} onInput=${input} />${unit && html`<span class="unit">${unit}</span>`}</span>
    ${text !== "" && fault && html`<small class="hint bad" role="alert">${fault}</small>`}
  </label>`;
}

function faultOf(text, { min, max, optional }) {
  if (text === "" && optional) return "";
  const number = DIGITS.test(text) ? Number(text) : Number.NaN;
  const range = max === undefined ? `from ${min}` : `from ${min.toLocaleString("en-GB")} to ${max.toLocaleString("en-GB")}`;
  return number >= min && (max === undefined || number <= max) ? "" : `A whole number ${range}.`;
}
