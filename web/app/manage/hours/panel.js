// Menus by time of day: when each is served, what is on it, and what is on none.
import { command, get } from "../../api.js";
import { minute } from "../../clock.js";
import { menu } from "../../menu.js";
import { say } from "../../problem.js";
import { restaurant } from "../../session.js";
import { count, plain } from "../../text.js";
import { datesWords, hoursWords, SortedList, toast, toastUndo } from "../../ui.js";
import { html, useState } from "../../view.js";
import { items } from "../house/known.js";
import { useRead } from "../house/reading.js";
import { arrange } from "../house/saving.js";
import { nextPosition } from "../menu/menu_changes.js";
import { FIELDS, MenuForm, PATH } from "./menu_form.js";
import { isServed } from "./served.js";

/** More are counted, and seen in the form. */
const NAMES_MAX = 6;

const readAll = async () => (await get(PATH)).items;
const readOne = async (id) => (await readAll()).find((one) => one.id === id);

/** "Fri 17:00–19:00; Sat, Sun 12:00–23:00 · from 1 Dec 2026". */
function whenWords(one) {
  return [one.windows.map(hoursWords).join("; ") || "All day", datesWords(one)].filter(Boolean).join(" · ");
}

/** "Grill, Bar; Cola and 2 more". */
function whatWords({ category_ids: categoryIds, item_ids: itemIds }) {
  const named = (rows, ids) => {
    const names = rows.filter((one) => ids.includes(one.id)).map((one) => plain(one.name));
    const more = names.length - NAMES_MAX;
    return more > 0 ? `${names.slice(0, NAMES_MAX).join(", ")} and ${more} more` : names.join(", ");
  };
  const parts = [named(menu.value?.categories ?? [], categoryIds), named(items.value, itemIds)].filter(Boolean);
  return parts.join("; ") || "Nothing is on it yet";
}

const isOn = (item) => (one) => one.category_ids.includes(item.category.id) || one.item_ids.includes(item.id);

const bodyOf = (one) => Object.fromEntries(FIELDS.map((field) => [field, one[field]]));

export function Panel() {
  const [open, setOpen] = useState(null);
  // A change of a menu by time of day is one of the menu, of which this page is told.
  const { found, problem, again } = useRead(readAll, [menu.value?.version]);
  const bad = (refused) => {
    toast(say(refused), { tone: "bad" });
    return false;
  };
  const remove = async (one) => {
    await command(`${PATH}/${one.id}`, undefined, { method: "DELETE" });
    toastUndo(`${plain(one.name)} removed`, () => command(PATH, bodyOf(one)).then(again, bad));
    return true;
  };
  const order = async (ids) => {
    const done = await arrange({ rows: found, ids, path: PATH, fields: FIELDS, read: readOne }).catch(bad);
    again();
    return done;
  };
  const saved = () => {
    setOpen(null);
    again();
  };
  if (!found) {
    if (!problem) return html`<p class="empty">Looking up the menus…</p>`;
    return html`<div class="empty stack" role="alert"><p>${say(problem)}</p><button type="button" onClick=${again}>Try again</button></div>`;
  }
  return html`<div class="house stack">
    <div class="house-head"><h1>Menus by time of day</h1>
      ${found.length > 0 && html`<button type="button" class="primary" onClick=${() => setOpen({})}>Add a menu</button>`}</div>
    ${problem && html`<p class="notice bad" role="alert">${say(problem)} <button type="button" class="link" onClick=${again}>Try again</button></p>`}
    ${
      found.length === 0
        ? html`<div class="empty stack"><p>Everything is sold all day. Breakfast until eleven, or a feast on one night? Make a menu of it,
            and it is sold at its time alone.</p>
          <div><button type="button" class="primary big" onClick=${() => setOpen({})}>Add the first menu</button></div></div>`
        : html`<${SortedList} label="Menus by time of day" items=${found} nameOf=${(one) => plain(one.name)} onOrder=${order}
            row=${(one) => html`<${Row} one=${one} onOpen=${() => setOpen({ row: one })} />`} />
          <${AllDay} menus=${found} />`
    }
    ${
      open &&
      html`<${MenuForm} row=${open.row ?? null} position=${nextPosition(found)} read=${() => readOne(open.row.id)} remove=${remove}
        onSaved=${saved} onClose=${() => setOpen(null)} />`
    }
  </div>`;
}

function Row({ one, onOpen }) {
  const served = isServed(one, minute.value, restaurant.value?.timezone);
  return html`<div class="house-row" data-menu=${one.name} data-served=${served}>
    <div class="about"><strong><bdi>${plain(one.name)}</bdi></strong>
      ${served && html`<span class="badge good">Served now</span>`}
      <small data-when>${whenWords(one)}</small><small class="quiet"><bdi>${whatWords(one)}</bdi></small></div>
    <button type="button" aria-label=${`Change ${plain(one.name)}`} onClick=${onOpen}>Change</button>
  </div>`;
}

/** What no menu holds back, as far as its own hours go. */
function AllDay({ menus }) {
  const free = items.value.filter((item) => !menus.some(isOn(item)));
  if (!free.length) return html`<p class="quiet">Everything is on one of these menus, so nothing is sold all day.</p>`;
  return html`<details class="quiet" data-all-day><summary>${count(free.length, "item")} on none of them: sold all day, or in hours of their own</summary>
    <p><bdi>${free.map((item) => plain(item.name)).join(", ")}</bdi></p></details>`;
}
