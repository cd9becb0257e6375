// What is chosen of an item's options: {option_id: quantity}. Groups are two levels deep; a chosen option may open more.

/** The item's groups and those that the chosen options open: [{group, parent, times}], each behind its opener. */
export function openGroups(item, chosen) {
  return item.option_groups.flatMap((group) => [
    { group, parent: null, times: 1 },
    ...group.options
      .filter((option) => chosen[option.id])
      .flatMap((option) =>
        (option.option_groups || []).map((nested) => ({ group: nested, parent: option, times: chosen[option.id] })),
      ),
  ]);
}

const countOf = (group, chosen) => group.options.reduce((sum, option) => sum + (chosen[option.id] || 0), 0);

/** What is wrong with a choice, by group id; empty when it is fine. */
export function choiceFaults(item, chosen) {
  const faults = {};
  for (const { group, times } of openGroups(item, chosen)) {
    const number = countOf(group, chosen);
    if (number < group.min * times) faults[group.id] = `Choose ${group.min * times - number} more`;
    else if (number > group.max * times) faults[group.id] = `Choose at most ${group.max * times}`;
  }
  return faults;
}

/** How many more a group takes. */
export function roomIn({ group, times }, chosen) {
  return group.max * times - countOf(group, chosen);
}

/** "Choose 1", "Up to 3", "Choose 2 to 4". */
export function ruleOf({ group, times }) {
  const [min, max] = [group.min * times, group.max * times];
  if (min === max) return `Choose ${min}`;
  if (min === 0) return `Up to ${max}`;
  return `Choose ${min} to ${max}`;
}

/** Whether one answer replaces the other. */
export function isSingle({ group, times }) {
  return group.max * times === 1;
}

/** Without what nobody asks any more, and with the one answer that a question has. `isGone`: of an option. */
export function settled(item, chosen, isGone) {
  const asked = openGroups(item, chosen);
  const next = {};
  for (const { group } of asked) {
    for (const option of group.options) if (chosen[option.id]) next[option.id] = chosen[option.id];
  }
  for (const one of asked) {
    const open = one.group.options.filter((option) => !isGone(option));
    if (isSingle(one) && one.group.min === 1 && open.length === 1 && roomIn(one, next) === 1) next[open[0].id] = 1;
  }
  return Object.keys(next).join() === Object.keys(chosen).join() ? next : settled(item, next, isGone);
}

/** The chosen options in the order of the menu, what was asked after one behind it: [{option, quantity, group, parent}]. */
export function picked(item, chosen) {
  const of = (group, parent) =>
    group.options
      .filter((option) => chosen[option.id])
      .flatMap((option) => [
        { option, quantity: chosen[option.id], group, parent },
        ...(option.option_groups || []).flatMap((nested) => of(nested, option)),
      ]);
  return item.option_groups.flatMap((group) => of(group, null));
}

/** The picks as a line of the basket keeps them. */
export function asOptions(picks) {
  return picks.map(({ option, quantity, group, parent }) => ({
    option_id: option.id,
    name: option.name,
    quantity,
    price_delta_minor: option.price_delta_minor,
    ...(parent ? { parent_option_id: parent.id } : {}),
    ...(group.is_size ? { is_size: true } : {}),
    ...(option.item_id ? { item_id: option.item_id } : {}),
  }));
}

/** What the food contains as chosen, and what it may contain beside that, each a set of codes. */
export function allergensOf(item, picks, itemOf) {
  const food = [item, ...picks.flatMap(({ option }) => [option, itemOf(option.item_id)])].filter(Boolean);
  const contains = new Set(food.flatMap((one) => one.allergens || []));
  const traces = new Set(food.flatMap((one) => one.may_contain || []).filter((code) => !contains.has(code)));
  return { contains, traces };
}

/** The group that asks for the size, or undefined. */
export const sizesOf = (item) => item.option_groups.find((group) => group.is_size);

/** The lowest price of an item that comes in sizes; else its price. */
export function fromPrice(item) {
  const sizes = sizesOf(item);
  return item.price_minor + (sizes ? Math.min(...sizes.options.map((option) => option.price_delta_minor)) : 0);
}

/** {size, rest} of a line's options: its size stands beside the name. */
export function withSize(options) {
  return { size: options.find((option) => option.is_size), rest: options.filter((option) => !option.is_size) };
}
