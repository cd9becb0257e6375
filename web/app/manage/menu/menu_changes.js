// What this page changes of the menu: at once on the screen, then on the server, one change after the other.
import { command } from "../../api.js";
import { itemOf, loadMenu, menu } from "../../menu.js";
import { say } from "../../problem.js";
import { plain } from "../../text.js";
import { moved, toast, toastUndo } from "../../ui.js";
import { newPositions } from "./order.js";

const STALE = 412;
const TRIES = 3;

/** What of an item a person says, as the server takes it. */
const SAID = ["category_id", "name", "description", "price_minor", "vat_class", "allergens", "windows", "option_groups"];
const NUMBERS = ["position", "barcode", "plu", "preparation_minutes"];

const pick = (item, names) => Object.fromEntries(names.map((name) => [name, item[name]]));

/** Whether somebody took an item off. Out of hours, or sold out, is something else. */
export function isOff(id) {
  return Boolean(itemOf(id)?.taken_off);
}

/** The whole item as a body. Whether it is counted is not said: so it stays as it is. */
export function bodyOf(item) {
  return { ...pick(item, SAID), ...pick(item, NUMBERS), may_contain: item.may_contain ?? [], available: !isOff(item.id) };
}

/** Reads the menu until it is that of `version` or later. */
export async function reload(version = 0) {
  for (let tries = 0; tries < TRIES; tries += 1) {
    await loadMenu();
    if (menu.value && menu.value.version >= version) return;
  }
}

function patch(change) {
  menu.value = { ...menu.value, categories: change(menu.value.categories) };
}

const byPlace = (a, b) => a.position - b.position || a.name.localeCompare(b.name);

/** Takes in an answer about an item, in whatever category it is now. */
function learn(item) {
  const before = itemOf(item.id);
  const shown = { ...before, ...item, stock_left: before?.stock_left ?? null };
  patch((categories) =>
    categories.map((category) => {
      const rest = category.items.filter((one) => one.id !== item.id);
      return { ...category, items: category.id === item.category_id ? [...rest, shown].sort(byPlace) : rest };
    }),
  );
}

let queue = Promise.resolve();

/** One after the other, for each change is of the menu that the one before left. */
function inTurn(act) {
  queue = queue.then(act, act);
  return queue;
}

/** What goes wrong with a change that is shown already: the menu as it is comes back, with the reason. */
async function attempt(what, act) {
  try {
    await act();
  } catch (problem) {
    toast(`${what}: ${problem.status === STALE ? "somebody else has just changed it. Try again." : say(problem)}`, { tone: "bad" });
    await loadMenu({ anew: true });
  }
}

/** Puts an item before or after another, also of another category; over a category: at its beginning, or its end. */
export function moveItem(id, overId, after) {
  const item = itemOf(id);
  const over = itemOf(overId);
  const target = menu.value.categories.find((one) => one.id === (over ? over.category_id : overId));
  if (!item || !target) return;
  const others = target.items.map((one) => one.id).filter((one) => one !== id);
  const order = over ? moved([...others, id], id, overId, after) : after ? [...others, id] : [id, ...others];
  const rows = order.map((one) => ({ id: one, position: one === id && item.category_id !== target.id ? -1 : itemOf(one).position }));
  const places = newPositions(rows);
  if (!Object.keys(places).length && item.category_id === target.id) return;
  const wanted = Object.entries(places).map(([one, position]) => ({ ...itemOf(one), position, ...(one === id ? { category_id: target.id } : {}) }));
  wanted.forEach(learn);
  inTurn(() =>
    attempt(plain(item.name), async () => {
      for (const { id: one, position, category_id } of wanted) {
        const now = itemOf(one);
        learn(await command(`/menu/items/${one}`, { ...bodyOf(now), position, category_id }, { method: "PUT", seen: now.version }));
      }
    }),
  );
}

/** One place up or down; from the end of a category into the next. */
export function stepItem(id, step) {
  const item = itemOf(id);
  const categories = menu.value.categories;
  const here = categories.findIndex((one) => one.id === item.category_id);
  const items = categories[here].items;
  const beside = items[items.findIndex((one) => one.id === id) + step];
  if (beside) moveItem(id, beside.id, step > 0);
  else {
    const next = categories[here + step];
    if (!next) return;
    if (step > 0 && next.items.length) moveItem(id, next.items[0].id, false);
    else moveItem(id, next.id, true);
  }
}

/** Puts a category before or after another. */
export function moveCategory(id, overId, after) {
  const known = Object.fromEntries(menu.value.categories.map((one) => [one.id, one]));
  const order = moved(Object.keys(known), id, overId, after);
  const places = newPositions(order.map((one) => known[one]));
  patch((all) => all.map((one) => ({ ...one, position: places[one.id] ?? one.position })).sort(byPlace));
  inTurn(() =>
    attempt(plain(known[id].name), async () => {
      for (const [one, position] of Object.entries(places)) {
        const { name, version } = menu.value.categories.find((each) => each.id === one);
        const answer = await command(`/menu/categories/${one}`, { name, position }, { method: "PUT", seen: version });
        patch((all) => all.map((each) => (each.id === one ? { ...each, version: answer.version } : each)));
      }
    }),
  );
}

/** One place up or down. */
export function stepCategory(id, step) {
  const all = menu.value.categories;
  const beside = all[all.findIndex((one) => one.id === id) + step];
  if (beside) moveCategory(id, beside.id, step > 0);
}

/** Takes an item off, or puts it back, at one tap. */
export function setOff(item, off, { undoable = true } = {}) {
  learn({ ...itemOf(item.id), taken_off: off, available: !off });
  const words = off ? `${plain(item.name)} is off` : `${plain(item.name)} is back`;
  if (undoable) toastUndo(words, () => setOff(item, !off, { undoable: false }));
  return inTurn(() =>
    attempt(plain(item.name), async () => {
      const answer = await command(`/menu/items/${item.id}/availability`, { available: !off }, { method: "PUT" });
      learn({ ...itemOf(item.id), version: answer.version });
      await reload(answer.version);
    }),
  );
}

/** Adds a category behind the others. Throws Problem. */
export async function addCategory(name, position = nextPosition(menu.value.categories)) {
  const added = await command("/menu/categories", { name, position });
  await reload(added.version);
  return added;
}

/** Throws Problem. */
export async function renameCategory({ id, position, version }, name) {
  const answer = await command(`/menu/categories/${id}`, { name, position }, { method: "PUT", seen: version });
  await reload(answer.version);
}

/** Removes one that is empty. Throws Problem. */
export async function removeCategory({ id, name, position }) {
  await command(`/menu/categories/${id}`, undefined, { method: "DELETE" });
  await reload(menu.value.version + 1);
  toastUndo(`${plain(name)} removed`, () => inTurn(() => attempt(plain(name), () => addCategory(name, position))));
}

/** Removes an item. Undone, it is added again: under another id, and without what was counted. Throws Problem. */
export async function removeItem(item) {
  const body = bodyOf(item);
  await command(`/menu/items/${item.id}`, undefined, { method: "DELETE" });
  await reload(menu.value.version + 1);
  const again = async () => reload((await command("/menu/items", body)).version);
  toastUndo(`${plain(item.name)} removed`, () => inTurn(() => attempt(plain(item.name), again)));
}

/** The place behind all of these. */
export function nextPosition(rows) {
  return Math.max(-1, ...rows.map((row) => row.position)) + 1;
}
