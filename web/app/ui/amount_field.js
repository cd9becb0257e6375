// Where an amount or a number of pieces is typed. It is no text field: nothing can be filled in, pasted or dictated
// that would have to be parsed, and no keyboard slides over the keypad of the page.
import { html, useState } from "../view.js";
import { DELETE, isDigit, typed } from "./amount.js";

const LETTERS = 1;

/**
 * `value`: an integer or null, `max` inclusive, `format`: how it is shown, `limit`: the words for `max`, shown before
 * it is met. `shown`: the label for people who see what it stands beside. Digits type, Backspace deletes, Delete empties, Enter is the form's main action. `compact`: one line.
 */
export function AmountField({ label, name, value, onChange, max, format, limit = "", placeholder, focus = false, ...more }) {
  const { shown = label, compact = false, disabled = false, active = false, onFocus } = more;
  const [hint, setHint] = useState("");
  const type = (key) => {
    const next = typed(value, key, max);
    setHint(next.refused ? `Not taken: ${limit || `at most ${format(max)}`}.` : "");
    if (next.value !== value) onChange(next.value);
  };
  const key = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Enter") {
      event.preventDefault();
      event.currentTarget.closest("form")?.requestSubmit();
    } else if (disabled) return;
    else if (isDigit(event.key) || event.key === DELETE) {
      event.preventDefault();
      type(event.key);
    } else if (event.key === "Delete") onChange(null);
    else if (event.key.length === LETTERS && event.key !== " ") setHint(`Only digits: 1250 is ${format(1250)}.`);
  };
  const focused = (event) => {
    // Not below a keypad that stays at the foot of a small screen.
    event.currentTarget.scrollIntoView({ block: "nearest" });
    onFocus?.();
  };
  const paste = (event) => {
    event.preventDefault();
    setHint("Pasted text is not taken. Type the digits.");
  };
  return html`<div class="amount-field ${compact ? "compact" : ""}">
    <span class="amount-label" aria-hidden="true">${shown}</span>
    <div class="amount ${active ? "active" : ""}" role="spinbutton" tabindex="0" aria-label=${label} data-name=${name} data-value=${value ?? ""}
      data-focus=${focus || undefined} aria-valuemin="0" aria-valuemax=${max} aria-valuenow=${value ?? undefined}
      aria-valuetext=${value === null ? "empty" : format(value)} aria-disabled=${disabled}
      onKeyDown=${key} onPaste=${paste} onFocus=${focused}>
      <span class=${value === null ? "ghosted" : ""}>${value === null ? (placeholder ?? format(0)) : format(value)}</span>
    </div>
    ${(hint || limit) && html`<small class=${hint ? "hint bad" : "hint"} role=${hint ? "alert" : undefined}>${hint || limit}</small>`}
  </div>`;
}
