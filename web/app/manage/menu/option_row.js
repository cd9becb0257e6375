// One option: its name and price in the list, all else in a dialog.
import { newId } from "../../ids.js";
import { itemOf, menu } from "../../menu.js";
import { currency } from "../../session.js";
import { allergenName, count, plain } from "../../text.js";
import { Dialog, PriceField, Stepper } from "../../ui.js";
import { html, useState } from "../../view.js";
import { AllergenTiles } from "./allergens.js";
import { OptionGroups } from "./option_groups.js";
import { vatClasses } from "./words.js";

const NAME_MAX = 120;
const STOCK_USE_MAX = 1_000;

/** An option that says nothing yet. */
export function newOption() {
  return { id: newId(), name: "", price_delta_minor: 0, available: true, allergens: [] };
}

/** What it has beside name and price, in words. */
function aboutOption(option) {
  const component = option.item_id && itemOf(option.item_id);
  return [
    !option.available && "off",
    option.item_id && `is ${component ? plain(component.name) : "an item that is gone"}`,
    option.allergens.length > 0 && option.allergens.map(allergenName).join(", "),
    option.may_contain?.length > 0 && `may contain ${option.may_contain.map(allergenName).join(", ")}`,
    option.vat_class && "taxed by itself",
    option.stock_use && `takes ${option.stock_use.quantity} × ${plain(itemOf(option.stock_use.item_id)?.name ?? "?")}`,
    option.option_groups?.length > 0 && `asks ${count(option.option_groups.length, "thing")} more`,
  ]
    .filter(Boolean)
    .join(" · ");
}

export function OptionRow({ option, path, at, within, nested, mine, onChange, order }) {
  const [open, setOpen] = useState(false);
  const name = plain(option.name) || "this option";
  const faulty = at(`${path}.name`);
  const elsewhere = !faulty && within(path);
  const about = aboutOption(option);
  return html`<li class="option-row" data-option=${option.id}>
    <input name="option-name" aria-label="Option" maxlength=${NAME_MAX} value=${option.name} aria-invalid=${Boolean(faulty || elsewhere)}
      onInput=${(event) => onChange({ name: event.target.value })} />
    <${PriceField} compact signed label=${`Price of ${name}`} name="delta" value=${option.price_delta_minor} currency=${currency.value}
      onChange=${(minor) => onChange({ price_delta_minor: minor ?? 0 })} />
    <button type="button" class="ghost" aria-label=${`More about ${name}`} onClick=${() => setOpen(true)}>More</button>
    ${order}
    ${about && html`<small class="quiet">${about}</small>`}
    ${(faulty || elsewhere) && html`<small class="hint bad">${faulty || elsewhere}</small>`}
    ${
      open &&
      html`<${OptionDialog} option=${option} path=${path} at=${at} within=${within} nested=${nested} mine=${mine} onChange=${onChange}
        onClose=${() => setOpen(false)} />`
    }
  </li>`;
}

function OptionDialog({ option, path, at, within, nested, mine, onChange, onClose }) {
  return html`<${Dialog} title=${plain(option.name) || "Option"} name="option" wide onClose=${onClose}>
    <div class="stack">
      <label class="tick"><input type="checkbox" data-focus checked=${option.available}
        onChange=${(event) => onChange({ available: event.target.checked })} /> It is to be had</label>
      ${!nested && html`<${Component} option=${option} mine=${mine} onChange=${onChange} />`}
      ${
        option.item_id
          ? html`<p class="quiet">What it contains, how it is taxed and its stock are those of the item.</p>`
          : html`<h3>What it adds to the allergens</h3>
              <${AllergenTiles} value=${option} onChange=${onChange} fault=${within(`${path}.allergens`) || within(`${path}.may_contain`)} />
              <${OwnVat} option=${option} onChange=${onChange} />
              <${StockUse} option=${option} mine=${mine} onChange=${onChange} />`
      }
      ${
        !nested &&
        html`<h3>What it asks in its turn</h3>
          <${OptionGroups} nested value=${option.option_groups ?? []} path=${`${path}.option_groups`} at=${at} within=${within} mine=${mine}
            onChange=${(option_groups) => onChange({ option_groups })} />`
      }
      <button type="button" class="primary big" onClick=${onClose}>Done</button>
    </div>
  <//>`;
}

/** The items of the menu as a choice, by category. */
function ItemChoice({ label, empty, value, mine, onChange }) {
  return html`<label class="field">${label}
    <select value=${value ?? ""} onChange=${(event) => onChange(event.target.value || null)}>
      <option value="">${empty}</option>
      ${(menu.value?.categories ?? []).map(
        (category) => html`<optgroup key=${category.id} label=${plain(category.name)}>
          ${category.items.filter((item) => item.id !== mine).map((item) => html`<option key=${item.id} value=${item.id}>${plain(item.name)}</option>`)}
        </optgroup>`,
      )}
    </select></label>`;
}

/** An option that is an item makes its question a part of a combo; what the item has it says itself. */
function Component({ option, mine, onChange }) {
  const choose = (id) => {
    const own = { allergens: [], may_contain: [], vat_class: null, stock_use: null };
    onChange(id ? { item_id: id, ...own, name: option.name || (itemOf(id)?.name ?? "") } : { item_id: null });
  };
  return html`<${ItemChoice} label="It is an item of the menu (of a combo)" empty="no" value=${option.item_id} mine=${mine} onChange=${choose} />`;
}

function OwnVat({ option, onChange }) {
  return html`<label class="field">Taxed as
    <select value=${option.vat_class ?? ""} onChange=${(event) => onChange({ vat_class: event.target.value || null })}>
      <option value="">the item</option>
      ${vatClasses().map((one) => html`<option key=${one.code} value=${one.code}>${one.name}</option>`)}
    </select></label>`;
}

function StockUse({ option, mine, onChange }) {
  const used = option.stock_use;
  const set = (id) => onChange({ stock_use: id ? { item_id: id, quantity: used?.quantity ?? 1 } : null });
  return html`<div class="row">
    <${ItemChoice} label="Takes from the stock of" empty="nothing" value=${used?.item_id} mine=${mine} onChange=${set} />
    ${
      used &&
      html`<${Stepper} value=${used.quantity} max=${STOCK_USE_MAX} label="taken"
        onChange=${(quantity) => onChange({ stock_use: { ...used, quantity } })} />`
    }
  </div>`;
}
