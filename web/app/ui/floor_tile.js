// A table as it is drawn: where it stands, and what goes on at it. On the till, and where a manager draws the floor.
import { timeOfDay } from "../clock.js";
import { money } from "../money.js";
import { count, plain, tableStateName } from "../text.js";
import { html } from "../view.js";

/** Half of a table as it is drawn: none hangs over the edge of its plan. */
const HALF_PX = 68;
export const SHAPES = { round: "Round", square: "Square", rectangle: "Long" };

const inside = (thousandths) => `clamp(${HALF_PX}px, ${thousandths / 10}%, 100% - ${HALF_PX}px)`;

/** Where the middle of a table lies in a plan that is so many pixels long, as it is drawn there. */
export function drawnAt(thousandths, length) {
  return Math.min(Math.max((thousandths * length) / 1000, HALF_PX), Math.max(HALF_PX, length - HALF_PX));
}

/** `due`: what its orders still owe, in minor units. `more`: what the button does, and beside it an `extra` and `words`. */
export function FloorTile({ table, due = 0, currency, timeZone, extra = null, words = "", ...more }) {
  const expected = table.state === "reserved" && table.reservation;
  const guest = expected && html`<bdi>${plain(expected.name)}</bdi> ${timeOfDay(expected.from, timeZone)}`;
  const said = [
    `Table ${plain(table.name)}`,
    tableStateName(table.state),
    table.covers ? count(table.covers, "guest") : count(table.seats, "seat"),
    due > 0 ? `${money(due, currency)} due` : "",
    expected ? `${plain(expected.name)} at ${timeOfDay(expected.from, timeZone)}` : "",
    words,
  ];
  // Where it stands is the restaurant's own, so it is no class.
  return html`<button type="button" class="table ${SHAPES[table.shape] ? table.shape : "square"}" data-table=${table.name} data-state=${table.state}
    style=${{ left: inside(table.x), top: inside(table.y) }} aria-label=${said.filter(Boolean).join(", ")} ...${more}>
    <strong><bdi>${plain(table.name)}</bdi></strong>
    <span class="table-state">${tableStateName(table.state)}</span>
    ${table.covers ? html`<small>${count(table.covers, "guest")}</small>` : html`<small class="quiet">${count(table.seats, "seat")}</small>`}
    ${due > 0 && html`<small class="table-due">${money(due, currency)}</small>`}
    ${expected && html`<small>${guest}</small>`}${extra}
  </button>`;
}
