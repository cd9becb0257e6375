// The fourteen allergens, each with three states.
import { allergenName, allergens } from "../../text.js";
import { rove, StateTile } from "../../ui.js";
import { html } from "../../view.js";

const STATES = [
  { value: "no", label: "no" },
  { value: "contains", label: "contains" },
  { value: "traces", label: "may contain" },
];

/** `value`: {allergens, may_contain}, each a list of codes; none is in both. `onChange` gets the same. */
export function AllergenTiles({ value, onChange, fault = "" }) {
  const stateOf = (code) => (value.allergens.includes(code) ? "contains" : (value.may_contain ?? []).includes(code) ? "traces" : "no");
  const set = (code, state) => {
    const of = (wanted) => allergens.filter((one) => (one === code ? state : stateOf(one)) === wanted);
    onChange({ allergens: of("contains"), may_contain: of("traces") });
  };
  return html`<div class="stack">
    <div class="state-tiles" role="group" aria-label="Allergens" onKeyDown=${(event) => rove(event, ".state-tile")}>
      ${allergens.map(
        (code) => html`<${StateTile} key=${code} label=${allergenName(code)} states=${STATES} value=${stateOf(code)}
          onChange=${(state) => set(code, state)} />`,
      )}
    </div>
    <small class=${fault ? "hint bad" : "hint"}>${fault || "Press once: contains. Twice: may contain."}</small>
  </div>`;
}
