// One question of an item: its size, a slot of a combo, a choice, or what a chosen option asks in its turn.
import { isSingle, roomIn, ruleOf } from "../choice.js";
import { delta, money } from "../money.js";
import { currency } from "../session.js";
import { plain } from "../text.js";
import { rove, Stepper } from "../ui.js";
import { html } from "../view.js";

/** `asked`: {group, parent, times}. `isGone`: whether an option is not to be had. */
export function OptionGroup({ item, asked, chosen, isGone, onChange, fault, first }) {
  const { group, parent } = asked;
  const single = isSingle(asked);
  const room = roomIn(asked, chosen);
  const set = (option, quantity) => {
    const next = { ...chosen, [option.id]: quantity };
    if (!quantity) delete next[option.id];
    onChange(next);
  };
  const toggle = (option) => {
    if (!single) {
      if (chosen[option.id]) set(option, 0);
      else if (room > 0) set(option, 1);
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
  return html`<fieldset class="options ${parent ? "nested" : ""}" data-group=${group.id} onKeyDown=${keys}>
    <legend>${parent && html`<span class="quiet">${plain(parent.name)} ›</span> `}${plain(group.name)}
      <small class=${fault ? "fault" : "quiet"}>${fault || ruleOf(asked)}</small></legend>
    <div class="option-grid">
      ${group.options.map((option, index) => {
        const on = chosen[option.id] || 0;
        const gone = isGone(option);
        const full = !on && !single && room <= 0;
        return html`<div class="option-cell" key=${option.id}>
          <button type="button" class="option" role=${single ? "radio" : "checkbox"} aria-checked=${on > 0}
            data-focus=${(first && index === 0) || undefined} disabled=${(gone && !on) || full} onClick=${() => toggle(option)}>
            <span>${on > 1 ? `${on} × ` : ""}${plain(option.name)}</span>
            <small>${gone ? "Sold out" : priceOf(item, group, option, Math.max(1, on))}</small>
          </button>
          ${
            !single &&
            on > 0 &&
            html`<${Stepper} small value=${on} min=${0} max=${on + room} label=${plain(option.name)}
              onChange=${(quantity) => set(option, quantity)} />`
          }
        </div>`;
      })}
    </div>
  </fieldset>`;
}

/** A size has its own price; anything else says what it adds. */
function priceOf(item, group, option, quantity) {
  if (group.is_size) return money(item.price_minor + option.price_delta_minor, currency.value);
  return delta(option.price_delta_minor * quantity, currency.value);
}
