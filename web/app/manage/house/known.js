// What the panels of the house know: the channels, and the answers that came before their events.
import { get } from "../../api.js";
import { menu } from "../../menu.js";
import { computed, effect, signal } from "../../view.js";
import { realtime } from "../shop.js";

const PAGE_SIZE = 200;
const byNumber = new Intl.Collator("en-GB", { numeric: true });
export const byName = (a, b) => byNumber.compare(a.name, b.name);
const byPosition = (a, b) => a.position - b.position || byName(a, b);

const answered = signal({});

/** Takes in the answer of a request: it counts until the same version arrives as an event. */
export function learn(row) {
  if (row.id) answered.value = { ...answered.value, [row.id]: row };
  return row;
}

/** Rows of a channel by id. One that was removed is gone, whatever we were answered before. */
function newest(rows) {
  const all = { ...rows };
  for (const [id, one] of Object.entries(answered.value)) if (all[id] && all[id].version < one.version) all[id] = one;
  return all;
}

const { floor, inventory, kitchen, orders, printing } = realtime.states;

export const tables = computed(() => newest(floor.value.tables));
export const sections = computed(() => Object.values(newest(floor.value.sections)).sort(byPosition));
export const stations = computed(() => Object.values(newest(kitchen.value.stations)).sort(byPosition));
export const printers = computed(() => Object.values(newest(printing.value.printers)).sort(byName));
/** The newest print jobs, newest first. */
export const jobs = computed(() =>
  Object.values(newest(printing.value.jobs)).sort((a, b) => b.created_at.localeCompare(a.created_at)),
);
export const unrouted = computed(() => Object.values(orders.value.unrouted || {}));
/** What is counted, by name. */
export const levels = computed(() =>
  Object.values(inventory.value.levels)
    .filter((level) => level.tracked)
    .sort((a, b) => byNumber.compare(a.item_name ?? "", b.item_name ?? "")),
);

/** Everything that is sold: [{id, name, category, ...}]. */
export const items = computed(() =>
  (menu.value?.categories || []).flatMap((category) => category.items.map((item) => ({ ...item, category }))),
);

/** Whether the channels were up to date once: before that "there is none" would be a guess. */
export const heard = signal(false);
effect(() => {
  if (realtime.status.value.live) heard.value = true;
});

/** All rows of a list, whatever its pages. Throws Problem. */
export async function all(path) {
  const found = [];
  let cursor = "";
  do {
    const page = await get(`${path}?limit=${PAGE_SIZE}&cursor=${encodeURIComponent(cursor)}`);
    found.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor);
  return found;
}
