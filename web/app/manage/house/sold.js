// What is sold, as routes and stock speak of it.
import { menu } from "../../menu.js";
import { computed } from "../../view.js";
import { items } from "./known.js";

export const categories = computed(() => (menu.value?.categories || []).map(({ id, name }) => ({ id, name })));

const optionsIn = (groups) =>
  groups.flatMap((group) =>
    group.options.flatMap((option) => [option, ...optionsIn(option.option_groups || [])]),
  );

/** The options of an item, or (null) of all: [{id, name, label}]; `label` says whose. */
export function optionsOf(item) {
  if (item) return optionsIn(item.option_groups);
  const known = new Map();
  for (const one of items.value)
    for (const { id, name } of optionsIn(one.option_groups)) if (!known.has(id)) known.set(id, { id, name, label: `${name} (${one.name})` });
  return [...known.values()];
}
