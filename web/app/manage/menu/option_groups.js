// What an item asks: groups of options in their order, each with how many are chosen; and what an option asks in its turn.
import { newId } from "../../ids.js";
import { plain } from "../../text.js";
import { Stepper } from "../../ui.js";
import { html } from "../../view.js";
import { newOption, OptionRow } from "./option_row.js";

const NAME_MAX = 120;
const CHOICES_MAX = 100;
const OPTIONS_MAX = 100;
const GROUPS_MAX = { first: 50, nested: 10 };
const LIST_END = 1;

const swapped = (list, index, step) => {
  const next = [...list];
  [next[index], next[index + step]] = [next[index + step], next[index]];
  return next;
};
const isSlot = (group) => group.options.some((option) => option.item_id);

/**
 * `path`: where they stand in the item; `at(path)` and `within(path)`: what is wrong there, or there and below. `nested`: of
 * an option, so that they open no further ones. `mine`: the id of the item.
 */
export function OptionGroups({ value, onChange, path, at, within, nested = false, mine = "" }) {
  const set = (index, change) => onChange(value.map((one, place) => (place === index ? { ...one, ...change } : one)));
  const add = () => onChange([...value, { id: newId(), name: "", min: 1, max: 1, options: [newOption()] }]);
  const most = nested ? GROUPS_MAX.nested : GROUPS_MAX.first;
  return html`<div class="stack">
    ${value.length === 0 && html`<p class="quiet">${nested ? "Asks nothing more." : "Goes into the basket at once: it asks nothing."}</p>`}
    ${at(path) && html`<small class="hint bad">${at(path)}</small>`}
    ${value.map(
      (group, index) => html`<${Group} key=${group.id} group=${group} path=${`${path}[${index}]`} at=${at} within=${within} nested=${nested}
        mine=${mine} before=${value.slice(0, index)} onChange=${(change) => set(index, change)}
        onUp=${index > 0 ? () => onChange(swapped(value, index, -1)) : null}
        onDown=${index < value.length - LIST_END ? () => onChange(swapped(value, index, 1)) : null}
        onRemove=${() => onChange(value.filter((_, place) => place !== index))} />`,
    )}
    <button type="button" disabled=${value.length >= most} onClick=${add}>${nested ? "Ask something more" : "Add a question"}</button>
  </div>`;
}

function Group({ group, path, at, within, nested, mine, before, onChange, onUp, onDown, onRemove }) {
  const name = plain(group.name) || "this question";
  const setOption = (index, change) =>
    onChange({ options: group.options.map((one, place) => (place === index ? { ...one, ...change } : one)) });
  const slots = before.filter((one) => isSlot(one) && !one.ancillary_of);
  const faultyName = at(`${path}.name`);
  return html`<fieldset class="group" data-group=${group.id}>
    <legend class="sr-only">${name}</legend>
    <div class="group-head">
      <label class="field">What is asked
        <input name="group-name" maxlength=${NAME_MAX} value=${group.name} placeholder=${nested ? "Sauce" : "Size, Cooked, Extras…"}
          aria-invalid=${Boolean(faultyName)} onInput=${(event) => onChange({ name: event.target.value })} />
        ${faultyName && html`<small class="hint bad">${faultyName}</small>`}</label>
      <${Order} what=${name} onUp=${onUp} onDown=${onDown} onRemove=${onRemove} />
    </div>
    <div class="group-rule">
      <span>At least <${Stepper} small value=${group.min} min=${0} max=${group.max} label=${`at least of ${name}`}
        onChange=${(min) => onChange({ min })} /></span>
      <span>At most <${Stepper} small value=${group.max} min=${Math.max(1, group.min)} max=${CHOICES_MAX} label=${`at most of ${name}`}
        onChange=${(max) => onChange({ max })} /></span>
      ${!nested && (before.length === 0 || group.is_size) && html`<${IsSize} group=${group} onChange=${onChange} />`}
      ${
        isSlot(group) &&
        slots.length > 0 &&
        html`<label class="field">Taxed like
          <select value=${group.ancillary_of ?? ""} onChange=${(event) => onChange({ ancillary_of: event.target.value || null })}>
            <option value="">itself</option>
            ${slots.map((one) => html`<option key=${one.id} value=${one.id}>what is chosen for ${plain(one.name)}</option>`)}
          </select></label>`
      }
    </div>
    ${["min_choices", "max_choices", "is_size", "ancillary_of", "options"].map((field) => at(`${path}.${field}`)).filter(Boolean).map(
      (words) => html`<small class="hint bad" key=${words}>${words}</small>`,
    )}
    <ul class="option-rows" aria-label=${`Options of ${name}`}>
      ${group.options.map(
        (option, index) => html`<${OptionRow} key=${option.id} option=${option} path=${`${path}.options[${index}]`} at=${at} within=${within}
          nested=${nested} mine=${mine} onChange=${(change) => setOption(index, change)}
          order=${html`<${Order} what=${plain(option.name) || "this option"}
            onUp=${index > 0 ? () => onChange({ options: swapped(group.options, index, -1) }) : null}
            onDown=${index < group.options.length - LIST_END ? () => onChange({ options: swapped(group.options, index, 1) }) : null}
            onRemove=${group.options.length > 1 ? () => onChange({ options: group.options.filter((_, place) => place !== index) }) : null} />`} />`,
      )}
    </ul>
    <button type="button" class="ghost" disabled=${group.options.length >= OPTIONS_MAX}
      onClick=${() => onChange({ options: [...group.options, newOption()] })}>Add an option</button>
  </fieldset>`;
}

/** Exactly one size is chosen: that is its rule. */
function IsSize({ group, onChange }) {
  const set = (event) => onChange(event.target.checked ? { is_size: true, min: 1, max: 1 } : { is_size: false });
  return html`<label class="tick"><input type="checkbox" checked=${Boolean(group.is_size)} onChange=${set} /> It is the size</label>`;
}

function Order({ what, onUp, onDown, onRemove }) {
  return html`<span class="order-buttons">
    <button type="button" class="icon" aria-label=${`Move ${what} up`} disabled=${!onUp} onClick=${onUp}>↑</button>
    <button type="button" class="icon" aria-label=${`Move ${what} down`} disabled=${!onDown} onClick=${onDown}>↓</button>
    <button type="button" class="icon" aria-label=${`Remove ${what}`} disabled=${!onRemove} onClick=${onRemove}>×</button>
  </span>`;
}
