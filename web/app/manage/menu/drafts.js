// What was typed of an item and is not saved: kept in this tab, for as many items as somebody has begun.
import { command } from "../../api.js";
import { newId } from "../../ids.js";
import { itemOf, menu } from "../../menu.js";
import { say } from "../../problem.js";
import { restaurant } from "../../session.js";
import { signal } from "../../view.js";
import { isOff, nextPosition, reload } from "./menu_changes.js";

const STORED = `fynlo.menu_drafts.${restaurant.value?.id}`;
const CHOSEN = `fynlo.menu_chosen.${restaurant.value?.id}`;
const NEW = "new-";
const STALE = 412;
const GONE = 404;

/** What the editor has fields for, in their order. */
export const FIELDS = {
  name: "Name",
  category_id: "Category",
  price_minor: "Price",
  vat_class: "VAT",
  description: "Description",
  barcode: "Barcode",
  plu: "PLU",
  preparation_minutes: "Preparation",
  allergens: "Contains",
  may_contain: "May contain",
  option_groups: "Options",
  windows: "Hours",
  stock_tracked: "Counted",
};

/** Key -> {base, values}: what was seen when somebody began (null: a new item), and the fields as they are typed. */
export const drafts = signal(recall());
/** The key of what is being edited: an item's id, or one of ours for a new item; "" for none. */
export const chosen = signal(sessionStorage.getItem(CHOSEN) ?? "");

function recall() {
  try {
    return JSON.parse(sessionStorage.getItem(STORED)) ?? {};
  } catch {
    return {};
  }
}

function keep(next) {
  drafts.value = next;
  sessionStorage.setItem(STORED, JSON.stringify(next));
}

/** Shows an item, a new one, or none ("") in the editor. */
export function choose(key) {
  chosen.value = key;
  sessionStorage.setItem(CHOSEN, key);
}

/** The fields of an item, as the editor has them. */
export function valuesOf(item) {
  return { ...Object.fromEntries(Object.keys(FIELDS).map((name) => [name, item[name] ?? null])), may_contain: item.may_contain ?? [] };
}

const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

/** {base, values, dirty} of what is edited under a key; null where there is nothing (any more). */
export function entryOf(key) {
  const draft = drafts.value[key];
  if (draft) return { ...draft, dirty: true };
  const item = itemOf(key);
  return item ? { base: item, values: valuesOf(item), dirty: false } : null;
}

/** Takes in what was typed. As it was: there is no draft any more. */
export function edit(key, change) {
  const { base, values } = entryOf(key);
  const next = { ...values, ...change };
  if (base && same(next, valuesOf(base))) forgetDraft(key);
  else keep({ ...drafts.value, [key]: { base, values: next } });
}

/** Forgets what was typed. Answers what takes that back. */
export function forgetDraft(key) {
  const { [key]: gone, ...rest } = drafts.value;
  keep(rest);
  return () => gone && keep({ ...drafts.value, [key]: gone });
}

/** Begins a new item in a category. */
export function beginItem(categoryId, values = {}) {
  const key = NEW + newId();
  const blank = { name: "", description: null, price_minor: null, vat_class: null, barcode: null, plu: null, preparation_minutes: null, stock_tracked: false };
  const lists = { allergens: [], may_contain: [], option_groups: [], windows: [] };
  keep({ ...drafts.value, [key]: { base: null, values: { ...blank, ...lists, category_id: categoryId, ...values } } });
  choose(key);
}

/** Begins a new item that is like another: with ids of its own, and without the numbers that only one can have. */
export function beginCopy(values) {
  const ids = new Map();
  const anew = (id) => ids.get(id) ?? ids.set(id, newId()).get(id);
  const copied = (groups) =>
    groups.map((group) => ({
      ...group,
      id: anew(group.id),
      ...(group.ancillary_of ? { ancillary_of: anew(group.ancillary_of) } : {}),
      options: group.options.map((option) => ({
        ...option,
        id: anew(option.id),
        ...(option.option_groups ? { option_groups: copied(option.option_groups) } : {}),
      })),
    }));
  const groups = copied(values.option_groups);
  beginItem(values.category_id, { ...values, name: `${values.name} (copy)`, barcode: null, plu: null, option_groups: groups });
}

/** Groups and options that are called nothing, of both levels: {path: words}. */
function nameless(groups, path) {
  const faults = {};
  groups.forEach((group, index) => {
    const at = `${path}[${index}]`;
    if (!group.name.trim()) faults[`${at}.name`] = "Say what is asked.";
    group.options.forEach((option, number) => {
      const here = `${at}.options[${number}]`;
      if (!option.name.trim()) faults[`${here}.name`] = "Give it a name, or remove it.";
      Object.assign(faults, nameless(option.option_groups ?? [], `${here}.option_groups`));
    });
  });
  return faults;
}

/** What is plainly missing: {field: words}. Anything else is for the server to say. */
export function missing(values) {
  const faults = nameless(values.option_groups, "option_groups");
  if (!values.name.trim()) faults.name = "Give it a name.";
  if (values.price_minor === null) faults.price_minor = "Set a price.";
  if (!values.vat_class) faults.vat_class = "Choose how it is taxed.";
  return faults;
}

/** What the server refuses, by field: {"option_groups[0].name": words}. */
export function faultsOf(problem) {
  const taken = { name_taken: "name", barcode_taken: "barcode", plu_taken: "plu", unknown_category: "category_id" }[problem.code];
  if (taken) return { [taken]: say(problem) };
  const errors = problem.document?.errors ?? [];
  // "item.option_groups[0].name" of a service, "option_groups.0.name" of a body.
  const path = (field) => field.replace(/^item\./, "").replace(/\.(\d+)(?=\.|$)/g, "[$1]");
  return Object.fromEntries(errors.map(({ field, detail }) => [path(field), detail]));
}

function sent(values, base) {
  const { stock_tracked, ...said } = values;
  const item = base ? (itemOf(base.id) ?? base) : null;
  const position = item && item.category_id === said.category_id ? item.position : behind(said.category_id);
  const counted = base && stock_tracked === base.stock_tracked ? {} : { stock_tracked };
  const trimmed = { name: said.name.trim(), description: said.description?.trim() || null, barcode: said.barcode || null, plu: said.plu || null };
  return { ...said, ...trimmed, ...counted, position, available: !(item && isOff(item.id)) };
}

const behind = (categoryId) => nextPosition(menu.value.categories.find((one) => one.id === categoryId)?.items ?? []);

/**
 * Saves what is edited. Answers null, or {theirs}: what somebody else saved meanwhile where it differs in what the editor
 * has (null: they removed it). Throws Problem.
 */
export async function save(key) {
  const { base, values } = entryOf(key);
  const path = base ? `/menu/items/${base.id}` : "/menu/items";
  try {
    const options = base ? { method: "PUT", seen: base.version } : {};
    const saved = await command(path, sent(values, base), options);
    await reload(saved.version);
    forgetDraft(key);
    choose(saved.id);
    return null;
  } catch (problem) {
    if (!base || (problem.status !== STALE && problem.code !== "unknown_item")) throw problem;
    await reload(Number(problem.document.current_version ?? 0));
    const theirs = problem.status === GONE ? null : itemOf(base.id);
    if (!theirs) return { theirs: null };
    if (same(valuesOf(theirs), valuesOf(base))) {
      // Moved, or taken off: nothing that stands in a field.
      keep({ ...drafts.value, [key]: { base: theirs, values } });
      return save(key);
    }
    return { theirs };
  }
}

/** Goes on with what was chosen of both versions, on top of theirs. */
export function settle(key, theirs, values) {
  keep({ ...drafts.value, [key]: { base: theirs, values } });
}

/** What is typed goes on over the item as it is now: what changed meanwhile is nothing that the editor has a field for. */
export function goOn(key) {
  const draft = drafts.value[key];
  if (draft) keep({ ...drafts.value, [key]: { ...draft, base: itemOf(key) } });
}

/** Goes on as a new item, where somebody removed it. */
export function saveAsNew(key) {
  const { values } = entryOf(key);
  forgetDraft(key);
  beginItem(values.category_id, values);
}
