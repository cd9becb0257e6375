// A bump bar, or a keyboard: numbers and arrows choose, space bumps, S starts, R recalls; A shows what is to be made all
// day, E the orders over all stations.
import { toggleExpo, toggleRail, view } from "./board.js";
import { neighbour } from "./places.js";
import { recallLast, step, tickets } from "./shop.js";
import { signal } from "../view.js";

/** The id of the chosen ticket, or "". */
export const selected = signal("");

/** The ticket that the keys act on: the chosen one, else the oldest. */
function current() {
  return tickets.value.find((ticket) => ticket.id === selected.value) || tickets.value[0];
}

function choose(index) {
  const ticket = tickets.value[Math.max(0, Math.min(tickets.value.length - 1, index))];
  if (ticket) selected.value = ticket.id;
}

function move(by) {
  const at = tickets.value.findIndex((ticket) => ticket.id === selected.value);
  choose(at < 0 ? 0 : at + by);
}

function moveInColumn(way) {
  const next = neighbour(selected.value || current()?.id, way);
  if (tickets.value.some((ticket) => ticket.id === next)) selected.value = next;
}

function act(action) {
  const ticket = current();
  // Nobody bumps what they do not see.
  if (!ticket || view.value === "expo") return;
  const at = tickets.value.indexOf(ticket);
  step(ticket, action);
  // The next ticket takes the place of the one that is gone.
  if (action === "bump") selected.value = (tickets.value[at] || tickets.value[at - 1])?.id || "";
}

const KEYS = {
  ArrowRight: () => move(1),
  ArrowLeft: () => move(-1),
  ArrowDown: () => moveInColumn(1),
  ArrowUp: () => moveInColumn(-1),
  " ": () => act("bump"),
  Enter: () => act("bump"),
  s: () => act("start"),
  r: recallLast,
  a: toggleRail,
  e: toggleExpo,
};

/** Listens for as long as the page lives. */
export function listen() {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (event.target.matches?.("input, select, textarea")) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (/^[1-9]$/.test(key)) choose(Number(key) - 1);
    else if (KEYS[key]) KEYS[key]();
    else return;
    // Also keeps a focused button from being pressed by the same space.
    event.preventDefault();
    if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
  });
}
