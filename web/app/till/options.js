// What an item asks before it can be ordered, and its note. Also changes a line that is in the basket already.
import { addLine, changeLine, NOTE_MAX } from "../basket.js";
import { choiceFaults, ruleOf } from "../menu.js";
import { delta, money } from "../money.js";
import { currency } from "../session.js";
import { allergenName, allergens, plain } from "../text.js";
import { Dialog, rove, Stepper } from "../ui.js";
import { html, useState } from "../view.js";
import { closeDialog } from "./shop.js";

/** The one choice of a group that has only one that can be had, and must be made. */
function givenChoices(item) {
  const chosen = {};
  for (const group of item.option_groups) {
    const open = group.options.filter((option) => option.available);
    if (group.min === 1 && group.max === 1 && open.length === 1) chosen[open[0].id] = 1;
  }
  return chosen;
}

export function Options({ item, line = null }) {
  const [chosen, setChosen] = useState(() =>
    line ? Object.fromEntries(line.options.map((one) => [one.option_id, one.quantity])) : givenChoices(item),
  );
  const [quantity, setQuantity] = useState(line?.quantity || 1);
  const [note, setNote] = useState(line?.note || "");
  const faults = choiceFaults(item, chosen);
  const options = item.option_groups.flatMap((group) => group.options).filter((option) => chosen[option.id]);
  const extras = options.reduce((sum, option) => sum + option.price_delta_minor * chosen[option.id], 0);
  const contained = allergens.filter((code) => [item, ...options].some((one) => one.allergens?.includes(code)));
  const ready = Object.keys(faults).length === 0;
  const finish = (event) => {
    event.preventDefault();
    if (!ready) return;
    const picked = options.map((option) => ({
      option_id: option.id,
      name: option.name,
      quantity: chosen[option.id],
      price_delta_minor: option.price_delta_minor,
    }));
    if (line) changeLine(line.id, { options: picked, note: note.trim(), quantity });
    else addLine({ item, quantity, options: picked, note: note.trim() });
    closeDialog();
  };
  return html`<${Dialog} title=${plain(item.name)} name="options" onClose=${closeDialog}>
    <form class="stack" onSubmit=${finish}>
      ${contained.length > 0 && html`<p class="allergens">Contains ${contained.map(allergenName).join(", ")}</p>`}
      ${item.option_groups.map(
        (group, index) =>
          html`<${Group} key=${group.id} first=${index === 0} group=${group} chosen=${chosen} onChange=${setChosen} fault=${faults[group.id]} />`,
      )}
      <label class="field">Note for the kitchen
        <input name="note" maxlength=${NOTE_MAX} value=${note} placeholder="No onions, sauce aside…"
          onInput=${(event) => setNote(event.target.value)} />
      </label>
      <div class="row spread">
        <${Stepper} value=${quantity} onChange=${setQuantity} />
        <button class="primary big" disabled=${!ready}>
          ${line ? "Change" : "Add"} · ${money((item.price_minor + extras) * quantity, currency.value)}
        </button>
      </div>
    </form>
  <//>`;
}

function Group({ group, chosen, onChange, fault, first }) {
  const number = group.options.reduce((sum, option) => sum + (chosen[option.id] || 0), 0);
  const single = group.max === 1;
  const set = (option, quantity) => {
    const next = { ...chosen, [option.id]: quantity };
    if (!quantity) delete next[option.id];
    onChange(next);
  };
  const toggle = (option) => {
    if (!single) {
      if (chosen[option.id]) set(option, 0);
      else if (number < group.max) set(option, 1);
      return;
    }
    // The only answer to a question that must be answered is changed by choosing another one.
    if (chosen[option.id] && group.min === 1) return;
    const next = { ...chosen };
    for (const other of group.options) delete next[other.id];
    if (!chosen[option.id]) next[option.id] = 1;
    onChange(next);
  };
  const keys = (event) => {
    // As in any form: Space chooses, Enter is the main action.
    if (event.key === "Enter" && event.target.closest(".option")) {
      event.preventDefault();
      event.currentTarget.closest("form").requestSubmit();
    } else rove(event, ".option");
  };
  return html`<fieldset class="options" onKeyDown=${keys}>
    <legend>${plain(group.name)} <small class=${fault ? "fault" : "quiet"}>${fault || ruleOf(group)}</small></legend>
    <div class="option-grid">
      ${group.options.map((option, index) => {
        const on = chosen[option.id] || 0;
        const full = !on && !single && number >= group.max;
        return html`<div class="option-cell" key=${option.id}>
          <button type="button" class="option" role=${single ? "radio" : "checkbox"} aria-checked=${on > 0}
            data-focus=${(first && index === 0) || undefined} disabled=${!option.available || full} onClick=${() => toggle(option)}>
            <span>${on > 1 ? `${on} × ` : ""}${plain(option.name)}</span>
            <small>${option.available ? delta(option.price_delta_minor * Math.max(1, on), currency.value) : "Sold out"}</small>
          </button>
          ${
            !single &&
            on > 0 &&
            html`<${Stepper} small value=${on} min=${0} max=${on + group.max - number} label=${plain(option.name)}
              onChange=${(quantity) => set(option, quantity)} />`
          }
        </div>`;
      })}
    </div>
  </fieldset>`;
}
