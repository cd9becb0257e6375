// The item as the till shows it, and what it asks there: the till's own tile and dialog, with what is typed now.
import { itemOf } from "../../menu.js";
import { currency } from "../../session.js";
import { Configuration } from "../../till/configuration.js";
import { Tile } from "../../till/tile.js";
import { toast } from "../../ui.js";
import { html, useState } from "../../view.js";

const isGone = (option) => !option.available || (option.item_id && !itemOf(option.item_id));

/** `off`: somebody took it off. */
export function Preview({ values, off }) {
  const [asking, setAsking] = useState(false);
  const groups = values.option_groups.filter((group) => group.options.length > 0);
  const item = { ...values, id: "preview", name: values.name || "No name yet", price_minor: values.price_minor ?? 0, option_groups: groups };
  const take = () => (groups.length ? setAsking(true) : toast("It asks nothing: on the till it goes into the basket at once."));
  return html`<section class="preview" aria-label="As the till shows it">
    <${Tile} item=${item} currency=${currency.value} sale=${{ soldOut: off, left: null, why: off ? "off" : "", until: null }}
      gone=${off} handlers=${{ onClick: take }} />
    <small class="quiet">As the till shows it. Press it to see what it asks.</small>
    ${
      asking &&
      html`<${Configuration} item=${item} isGone=${isGone} done="On the till: add" onDone=${() => setAsking(false)}
        onClose=${() => setAsking(false)} />`
    }
  </section>`;
}
