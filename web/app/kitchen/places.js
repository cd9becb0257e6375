// Where each ticket hangs: columns packed without gaps, the oldest in front. While fingers are at work nothing that
// hangs moves up or aside: what was bumped leaves its place empty, so that a second tap hits nothing else.
import { signal } from "../view.js";

/** Nothing moves for so long after a touch, a bump, or a ticket that went elsewhere. */
export const HOLD_MS = 1_000;
const COLUMN_MIN_PX = 272;
const WIDE_COLUMN_MIN_PX = 350;
const WIDE_FROM_PX = 1_500;
const GAP_PX = 12;
/** A ticket of which less than this can be seen counts as below. */
const SEEN_PX = 60;

/** How many tickets lie below what the screen shows. */
export const below = signal(0);

let wall = null;
let places = new Map();
let columns = 0;
let heldUntil = 0;
let timer = null;
// In the next frame: what is arranged because of a size may change sizes again.
const sizes = new ResizeObserver(() => requestAnimationFrame(arrange));

/** Keeps what hangs where it is for a moment. */
export function hold() {
  heldUntil = performance.now() + HOLD_MS;
  clearTimeout(timer);
  timer = setTimeout(arrange, HOLD_MS + 1);
}

/** Whether what hangs has to stay where it is. */
export function held() {
  return performance.now() < heldUntil;
}

/** The wall is there (or, with null, gone). */
export function hang(element) {
  sizes.disconnect();
  wall = element;
  places = new Map();
  if (!wall) {
    below.value = 0;
    return;
  }
  wall.addEventListener("pointerdown", hold, { passive: true });
  wall.addEventListener("scroll", count, { passive: true });
  sizes.observe(wall);
}

/** Gives every card its place. Called whenever what hangs has changed. */
export function arrange() {
  if (!wall) return;
  const least = wall.clientWidth >= WIDE_FROM_PX ? WIDE_COLUMN_MIN_PX : COLUMN_MIN_PX;
  const width = wall.clientWidth - GAP_PX;
  const fitting = Math.max(1, Math.floor(width / (least + GAP_PX)));
  // Another width of the screen is a new wall.
  const keeping = held() && fitting === columns;
  columns = fitting;
  wall.style.setProperty("--column", `${Math.floor(width / columns) - GAP_PX}px`);
  const cards = [...wall.querySelectorAll("[data-place]")];
  for (const card of cards) sizes.observe(card);
  const heights = cards.map((card) => heightOf(card));
  const before = keeping ? places : new Map();
  places = new Map();
  const bottoms = Array(columns).fill(GAP_PX);
  const put = (index, column, top) => {
    const [card, left] = [cards[index], GAP_PX + (column * width) / columns];
    places.set(card.dataset.place, { column, top, height: heights[index] });
    bottoms[column] = Math.max(bottoms[column], top + heights[index] + GAP_PX);
    card.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
  };
  const known = [...cards.keys()].filter((index) => before.has(cards[index].dataset.place));
  known.sort((a, b) => before.get(cards[a].dataset.place).top - before.get(cards[b].dataset.place).top);
  for (const index of known) {
    const { column, top } = before.get(cards[index].dataset.place);
    put(index, column, Math.max(top, bottoms[column]));
  }
  for (const index of cards.keys()) {
    if (before.has(cards[index].dataset.place)) continue;
    const column = bottoms.indexOf(Math.min(...bottoms));
    put(index, column, bottoms[column]);
  }
  wall.style.setProperty("--depth", `${Math.max(...bottoms)}px`);
  count();
}

/** What was bumped leaves a hole of its own size. */
function heightOf(card) {
  const place = places.get(card.dataset.place);
  if ("gone" in card.dataset && place) card.style.height = `${place.height}px`;
  return card.offsetHeight;
}

function count() {
  if (!wall) return;
  const edge = wall.scrollTop + wall.clientHeight - SEEN_PX;
  below.value = [...wall.querySelectorAll("[data-ticket]")].filter(
    (card) => (places.get(card.dataset.place)?.top ?? 0) > edge,
  ).length;
}

/** Scrolls on by what the screen shows. */
export function showMore() {
  wall?.scrollBy({ top: wall.clientHeight * 0.85, behavior: "smooth" });
}

/** The id of the ticket above (-1) or below (1) this one in its column; "" at the end. */
export function neighbour(id, way) {
  const here = places.get(id);
  if (!here) return "";
  const [next] = [...places]
    .filter(([other, place]) => other !== id && place.column === here.column && (place.top - here.top) * way > 0)
    .sort(([, a], [, b]) => (a.top - b.top) * way);
  return next ? next[0] : "";
}
