// What an item asks before it can be ordered, and its note. Also changes a line that is in the basket already.
import { addLine, changeLine, NOTE_MAX } from "../basket.js";
import { choiceFaults, ruleOf } from "../menu.js";
import { delta, money } from "../money.js";
import { currency } from "../session.js";
import { allergenName, plain } from "../text.js";
import { Dialog } from "../ui.js";
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
      ${
        item.allergens.length > 0 &&
        html`<p class="allergens">Contains ${item.allergens.map(allergenName).join(", ")}</p>`
      }
      ${item.option_groups.map(
        (group) =>
          html`<${Group} key=${group.id} group=${group} chosen=${chosen} onChange=${setChosen} fault=${faults[group.id]} />`,
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

function Group({ group, chosen, onChange, fault }) {
  const number = group.options.reduce((sum, option) => sum + (chosen[option.id] || 0), 0);
  const single = group.max === 1;
  const toggle = (option) => {
    const next = { ...chosen };
    if (next[option.id]) {
      // The only answer to a question that must be answered is changed by choosing another one.
      if (single && group.min === 1) return;
      delete next[option.id];
    } else {
      if (single) for (const other of group.options) delete next[other.id];
      else if (number >= group.max) return;
      next[option.id] = 1;
    }
    onChange(next);
  };
  return html`<fieldset class="options">
    <legend>${plain(group.name)} <small class=${fault ? "fault" : "quiet"}>${fault || ruleOf(group)}</small></legend>
    <div class="option-grid">
      ${group.options.map((option) => {
        const on = Boolean(chosen[option.id]);
        const full = !on && !single && number >= group.max;
        return html`<button type="button" class="option" role=${single ? "radio" : "checkbox"} aria-checked=${on}
          key=${option.id} disabled=${!option.available || full} onClick=${() => toggle(option)}>
          <span>${plain(option.name)}</span>
          <small>${option.available ? delta(option.price_delta_minor, currency.value) : "Sold out"}</small>
        </button>`;
      })}
    </div>
  </fieldset>`;
}

export function Stepper({ value, onChange, min = 1, max = 99 }) {
  return html`<div class="stepper">
    <button type="button" aria-label="One less" disabled=${value <= min} onClick=${() => onChange(value - 1)}>−</button>
    <output>${value}</output>
    <button type="button" aria-label="One more" disabled=${value >= max} onClick=${() => onChange(value + 1)}>+</button>
  </div>`;
}
