// The menu as it is sold now: loaded, kept fresh, and seen together with the stock that the socket reports.
import { request } from "./api.js";
import { minute, soon as soonWords } from "./clock.js";
import { Problem } from "./problem.js";
import { restaurant } from "./session.js";
import { computed, signal } from "./view.js";

const REFRESH_MS = 60_000;
const SOON_MS = 400;
const STORED = "fynlo.menu.";
export const LOW_STOCK = 5;

/** The menu, or null before it is there. */
export const menu = signal(null);
/** When the menu was last known to be what is sold, in milliseconds; 0 before. */
export const menuAt = signal(0);
/** Why there is no menu, or null. */
export const menuProblem = signal(null);

const items = computed(() => {
  const all = new Map();
  for (const category of menu.value?.categories || []) for (const item of category.items) all.set(item.id, item);
  return all;
});

let etag = "";
let loading = null;
let soon = null;

/** An item by id, or undefined. */
export function itemOf(id) {
  return items.value.get(id);
}

/** Reads the menu where it changed. Several callers share one request. `anew`: all of it, for what is shown is not what is. */
export function loadMenu({ anew = false } = {}) {
  if (anew) etag = "";
  loading ||= read().finally(() => {
    loading = null;
  });
  return loading;
}

async function read() {
  try {
    const answer = await request("GET", "/menu", etag && menu.value ? { headers: { "If-None-Match": etag } } : {});
    menuProblem.value = null;
    menuAt.value = Date.now();
    if (answer.status === 304) return;
    etag = answer.headers.get("ETag") || "";
    menu.value = answer.body;
    remember();
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    if (!menu.value) menuProblem.value = problem;
  }
}

const storedName = () => STORED + restaurant.value.id;

/** The menu stays on the device, so that a till that is loaded without a network can be used. */
function remember() {
  try {
    localStorage.setItem(storedName(), JSON.stringify({ etag, at: menuAt.value, menu: menu.value }));
  } catch {
    // Full: the next load reads it from the server.
    localStorage.removeItem(storedName());
  }
}

function recall() {
  try {
    const kept = JSON.parse(localStorage.getItem(storedName()));
    if (kept?.menu) [etag, menuAt.value, menu.value] = [kept.etag, kept.at, kept.menu];
  } catch {
    localStorage.removeItem(storedName());
  }
}

/** Reads the menu soon: several events in a row cost one request. */
export function menuMoved() {
  clearTimeout(soon);
  soon = setTimeout(() => loadMenu(), SOON_MS);
}

/** Loads the menu now and looks for changes every minute and whenever the page is looked at again. */
export function followMenu() {
  recall();
  loadMenu();
  setInterval(() => loadMenu(), REFRESH_MS);
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && loadMenu());
}

/**
 * {soldOut, left, why, until} of an item, the socket's word before the menu's. `left` is null for what is not counted.
 * What its policy lets be sold below nothing is not sold out. `why` it is not sold: "out" (none left), "off" (somebody
 * took it off) or "closed" (it is not sold at this hour); `until` when, where that is known.
 */
export function stockOf(item, inventory) {
  const told = inventory.levels[item.id];
  const level = told?.tracked ? told : null;
  const left = level ? level.available : item.stock_tracked ? item.stock_left : null;
  const maySellOut = !level || level.policy === "block";
  const reason = whyOff(item, inventory, maySellOut && left !== null && left <= 0);
  return { soldOut: Boolean(reason.why), left, ...reason };
}

function whyOff(item, inventory, isOut) {
  if (isOut) return { why: "out", until: null };
  // While its hours were over when the menu was read, "not available" says nothing of anything else.
  const untold = !openAt(item, menuAt.value) && !item.taken_off;
  const available = inventory.available[item.id] ?? (item.available || untold);
  if (!available) return { why: "off", until: item.returns_at ?? null };
  if (openAt(item, minute.value)) return { why: "", until: null };
  return { why: "closed", until: item.hours.times.find((one) => Date.parse(one.opens_at) > minute.value)?.opens_at ?? null };
}

/** Whether an item is sold at that time, as far as its hours go. The server has made instants of them. */
function openAt(item, at) {
  return !item.hours || item.hours.times.some((one) => Date.parse(one.opens_at) <= at && at < Date.parse(one.closes_at));
}

/** Why an item is not sold now, and until when, in a few words; "" where it is. */
export function whyNot({ why, until }) {
  if (!why) return "";
  const at = until && soonWords(until, restaurant.value?.timezone);
  if (why === "closed") return at ? `From ${at}` : "Not sold now";
  return at ? `Sold out until ${at}` : "Sold out";
}

/** Whether an item asks something before it can be ordered. */
export function asks(item) {
  return item.option_groups.length > 0;
}
