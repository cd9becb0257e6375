// A section's plan: tables are dragged to where they stand, by finger, mouse or arrows. What somebody else moves
// meanwhile moves here too; what both moved, the last of them decides.
import { say } from "../../problem.js";
import { currency, restaurant } from "../../session.js";
import { plain } from "../../text.js";
import { FloorTile, toast, toastUndo } from "../../ui.js";
import { drawnAt } from "../../ui/floor_tile.js";
import { html, useEffect, useRef, useState } from "../../view.js";
import { all, learn } from "./known.js";
import { change } from "./saving.js";

/** Of the plan, in thousandths: what is drawn stands in lines. */
export const GRID = 25;
const PLAN = 1000;
/** Nearer to the border than this a table is drawn further inside. */
const EDGE = 150;
/** The narrowest plan of a till, in pixels: what lies apart there lies apart everywhere. */
const TILL_PLAN = { width: 520, height: 440 };
const TILE = { width: 104, long: 128, height: 104 };
/** Less than this is a tap of a finger that trembles. */
const TAP_PX = 6;
/** After the last arrow, before the place is saved. */
const SETTLED_MS = 700;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
export const TABLE_FIELDS = ["name", "section_id", "seats", "shape", "x", "y"];

const snap = (value) => Math.min(PLAN, Math.max(0, Math.round(value / GRID) * GRID));

/** How the server has a table now; undefined where it is gone. Throws Problem. */
export async function readTable(id) {
  return (await all("/floor/tables")).find((table) => table.id === id);
}

/** Names of the tables that a table lies over, at the till where its plan is narrowest. */
export function overlapping(table, others) {
  const at = (one) => ({
    x: drawnAt(one.x, TILL_PLAN.width),
    y: drawnAt(one.y, TILL_PLAN.height),
    half: (one.shape === "rectangle" ? TILE.long : TILE.width) / 2,
  });
  const mine = at(table);
  return others
    .filter((other) => {
      const theirs = at(other);
      return (
        other.id !== table.id &&
        Math.abs(theirs.x - mine.x) < theirs.half + mine.half &&
        Math.abs(theirs.y - mine.y) < TILE.height
      );
    })
    .map((other) => other.name);
}

/** The first place of a plan on which nothing stands; where there is none, the one that is furthest from all others. */
export function freePlace(tables) {
  let best = { x: PLAN / 2, y: PLAN / 2, room: -1 };
  for (let y = EDGE; y <= PLAN - EDGE; y += GRID) {
    for (let x = EDGE; x <= PLAN - EDGE; x += GRID) {
      if (!overlapping({ id: "", shape: "rectangle", x, y }, tables).length) return { x, y };
      const room = Math.min(...tables.map((table) => Math.hypot(table.x - x, table.y - y)));
      if (room > best.room) best = { x, y, room };
    }
  }
  return { x: best.x, y: best.y };
}

async function place(table, x, y) {
  const mine = { ...table, x, y };
  // Nobody minds who of two had a table last in their hands.
  const read = async () => {
    const now = await readTable(table.id);
    return now && { ...now, x: table.x, y: table.y };
  };
  return learn(await change({ path: `/floor/tables/${table.id}`, base: table, mine, fields: TABLE_FIELDS, read }));
}

export function Drawing({ section, tables, onOpen }) {
  const plan = useRef(null);
  const hand = useRef(null);
  const slid = useRef(false);
  const arrows = useRef(null);
  // Where tables are while they are moved, and until the server has said so.
  const [places, setPlaces] = useState({});
  const settle = () => {
    const held = arrows.current;
    arrows.current = null;
    clearTimeout(held?.timer);
    held?.save();
  };
  // Whoever goes elsewhere has moved it all the same.
  useEffect(() => settle, []);
  const shown = tables.map((table) => ({ ...table, ...places[table.id] }));
  const put = (id, at) => setPlaces((before) => ({ ...before, [id]: at }));
  const letGo = (id) =>
    setPlaces((before) => Object.fromEntries(Object.entries(before).filter(([one]) => one !== id)));
  const save = async (table, at, undo = true) => {
    if (at.x === table.x && at.y === table.y) return letGo(table.id);
    put(table.id, at);
    try {
      const moved = await place(table, at.x, at.y);
      if (undo) toastUndo(`Table ${plain(table.name)} is moved`, () => save(moved, { x: table.x, y: table.y }, false));
    } catch (problem) {
      toast(`Table ${plain(table.name)} is where it was: ${say(problem)}`, { tone: "bad" });
    }
    return letGo(table.id);
  };
  const grab = (table) => (event) => {
    if (event.button) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    slid.current = false;
    hand.current = { table, fromX: event.clientX, fromY: event.clientY, at: null };
  };
  const drag = (event) => {
    const held = hand.current;
    if (!held) return;
    const [dx, dy] = [event.clientX - held.fromX, event.clientY - held.fromY];
    if (!held.at && Math.hypot(dx, dy) < TAP_PX) return;
    const { width, height } = plan.current.getBoundingClientRect();
    // From where it is drawn, which keeps it inside of the plan.
    const along = (value, moved, length) => snap(((drawnAt(value, length) + moved) * PLAN) / length);
    held.at = { x: along(held.table.x, dx, width), y: along(held.table.y, dy, height) };
    put(held.table.id, held.at);
  };
  const drop = () => {
    const held = hand.current;
    hand.current = null;
    if (!held?.at) return;
    slid.current = true;
    save(held.table, held.at);
  };
  const key = (table) => (event) => {
    const arrow = ARROWS[event.key];
    if (!arrow || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const from = places[table.id] || table;
    const at = { x: snap(from.x + arrow[0] * GRID), y: snap(from.y + arrow[1] * GRID) };
    slid.current = false;
    if (arrows.current?.id === table.id) clearTimeout(arrows.current.timer);
    else settle();
    put(table.id, at);
    arrows.current = { id: table.id, save: () => save(table, at), timer: setTimeout(settle, SETTLED_MS) };
  };
  const open = (table) => () => {
    // The end of a drag is no tap.
    if (!slid.current) onOpen(table);
    slid.current = false;
  };
  const over = Object.fromEntries(shown.map((table) => [table.id, overlapping(table, shown)]));
  const pairs = shown.filter((table) => over[table.id].length).map((table) => plain(table.name));
  return html`<div class="stack">
    <p class="quiet">Drag a table to where it stands; tap it to change it. By keyboard: Tab to it, arrows to move, Enter to change.</p>
    ${pairs.length > 0 && html`<p class="notice warn" role="status">Where the plan of a till is narrow these lie over each other: ${pairs.join(", ")}.</p>`}
    <div class="plan drawing" ref=${plan} role="group" aria-label=${`Plan of ${plain(section.name)}`}>
      ${tables.length === 0 && html`<p class="empty">No tables in ${plain(section.name)} yet. Add one, or several at once.</p>`}
      ${tables.map((table, index) => {
        const mine = over[table.id];
        const words = mine.length ? `lies over ${mine.map(plain).join(", ")}` : "";
        return html`<${FloorTile} key=${table.id} table=${shown[index]} currency=${currency.value} timeZone=${restaurant.value.timezone}
          words=${words} extra=${mine.length > 0 && html`<span class="badge warn">over ${mine.map(plain).join(", ")}</span>`}
          onPointerDown=${grab(table)} onPointerMove=${drag} onPointerUp=${drop} onPointerCancel=${drop}
          onKeyDown=${key(table)} onClick=${open(table)} />`;
      })}
    </div>
  </div>`;
}
