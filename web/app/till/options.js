// What an item is ordered with: of a new line, or of one that is in the basket already.
import { addLine, changeLine } from "../basket.js";
import { itemOf, stockOf } from "../menu.js";
import { html } from "../view.js";
import { Configuration } from "./configuration.js";
import { closeDialog, stock } from "./shop.js";

/** Whether an option is not to be had now: taken off, or the item that it is, or takes of, is gone. */
function isGoneOption(option) {
  if (!option.available) return true;
  if (option.item_id) {
    const component = itemOf(option.item_id);
    if (!component || stockOf(component, stock.value).soldOut) return true;
  }
  const taken = option.stock_use && itemOf(option.stock_use.item_id);
  const left = taken ? stockOf(taken, stock.value).left : null;
  return left !== null && left < option.stock_use.quantity;
}

/** `override`: why it is sold although it is not on sale. */
export function Options({ item, line = null, override = undefined }) {
  const finish = ({ options, note, quantity }) => {
    if (line) changeLine(line.id, { options, note, quantity });
    else addLine({ item, quantity, options, note, override });
    closeDialog();
  };
  return html`<${Configuration} item=${item} line=${line} isGone=${isGoneOption} done=${line ? "Change" : "Add"}
    onDone=${finish} onClose=${closeDialog} />`;
}
