// What an item asks before it can be ordered, and its note. It knows no basket: where the menu is edited it is the preview.
import { NOTE_MAX } from "../basket.js";
import { allergensOf, asOptions, choiceFaults, openGroups, picked, settled } from "../choice.js";
import { itemOf } from "../menu.js";
import { money } from "../money.js";
import { currency } from "../session.js";
import { allergenName, allergens, plain } from "../text.js";
import { Dialog, Stepper } from "../ui.js";
import { html, useState } from "../view.js";
import { OptionGroup } from "./option_group.js";

/**
 * `line`: what was chosen before, or null. `isGone`: whether an option is not to be had. `onDone({options, note,
 * quantity})`; `done`: the word on its button.
 */
export function Configuration({ item, line = null, isGone, done, onDone, onClose }) {
  const settle = (choice) => settled(item, choice, isGone);
  const [chosen, setChosen] = useState(() =>
    settle(line ? Object.fromEntries(line.options.map((one) => [one.option_id, one.quantity])) : {}),
  );
  const [quantity, setQuantity] = useState(line?.quantity || 1);
  const [note, setNote] = useState(line?.note || "");
  const faults = choiceFaults(item, chosen);
  const picks = picked(item, chosen);
  const extras = picks.reduce((sum, pick) => sum + pick.option.price_delta_minor * pick.quantity, 0);
  const ready = Object.keys(faults).length === 0;
  const finish = (event) => {
    event.preventDefault();
    if (ready) onDone({ options: asOptions(picks), note: note.trim(), quantity });
  };
  return html`<${Dialog} title=${plain(item.name)} name="options" onClose=${onClose}>
    <form class="stack" onSubmit=${finish}>
      <${Allergens} item=${item} picks=${picks} />
      ${openGroups(item, chosen).map(
        (asked, index) =>
          html`<${OptionGroup} key=${asked.group.id} first=${index === 0} item=${item} asked=${asked} chosen=${chosen}
            isGone=${isGone} onChange=${(next) => setChosen(settle(next))} fault=${faults[asked.group.id]} />`,
      )}
      <label class="field">Note for the kitchen
        <input name="note" maxlength=${NOTE_MAX} value=${note} placeholder="No onions, sauce aside…"
          onInput=${(event) => setNote(event.target.value)} />
      </label>
      <div class="row spread order-this">
        <${Stepper} value=${quantity} onChange=${setQuantity} />
        <button class="primary big" disabled=${!ready}>
          ${done} · ${money((item.price_minor + extras) * quantity, currency.value)}
        </button>
      </div>
    </form>
  <//>`;
}

/** Of the food as it is chosen. Quiet: what a guest must not eat is said elsewhere, and loud. */
function Allergens({ item, picks }) {
  const { contains, traces } = allergensOf(item, picks, itemOf);
  const names = (codes) =>
    allergens
      .filter((code) => codes.has(code))
      .map(allergenName)
      .join(", ");
  return html`${contains.size > 0 && html`<p class="allergens">Contains ${names(contains)}</p>`}
    ${traces.size > 0 && html`<p class="traces">May contain ${names(traces)}</p>`}`;
}
