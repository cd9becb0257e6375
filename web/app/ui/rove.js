// Arrow keys within a group of buttons: tabs, tiles, choices, lists.

const STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
/** Buttons of one row differ by less than this in height above the ground. */
const ROW_PX = 8;

/**
 * Moves the focus from the button under it to its neighbour; Home and End go to the first and the last. Answers that
 * neighbour, or null where the key is none of ours. `selector`: the members of the group.
 */
export function rove(event, selector = "button") {
  if (event.altKey || event.ctrlKey || event.metaKey) return null;
  const members = [...event.currentTarget.querySelectorAll(selector)].filter((one) => !one.disabled);
  const here = members.indexOf(event.target.closest(selector));
  if (here === -1) return null;
  const next = neighbour(members, here, event.key);
  if (!next) return null;
  event.preventDefault();
  next.focus();
  next.scrollIntoView({ block: "nearest", inline: "nearest" });
  return next;
}

function neighbour(members, here, key) {
  if (key === "Home") return members[0];
  if (key === "End") return members.at(-1);
  const step = STEPS[key];
  if (!step) return null;
  const beside = members[Math.min(members.length - 1, Math.max(0, here + step))];
  return key === "ArrowUp" || key === "ArrowDown" ? below(members, members[here], step) || beside : beside;
}

/** The nearest of the next row downwards (`step` 1) or upwards (-1), by the middle of each; null without such a row. */
function below(members, from, step) {
  const middle = (one) => one.left + one.width / 2;
  const mine = from.getBoundingClientRect();
  const placed = members.map((one) => ({ one, at: one.getBoundingClientRect() }));
  const others = placed.filter(({ at }) => (at.top - mine.top) * step > ROW_PX);
  if (!others.length) return placed.some(({ at }) => Math.abs(at.top - mine.top) > ROW_PX) ? from : null;
  const row = Math.min(...others.map(({ at }) => at.top * step));
  const nearest = others.filter(({ at }) => at.top * step - row < ROW_PX);
  nearest.sort((a, b) => Math.abs(middle(a.at) - middle(mine)) - Math.abs(middle(b.at) - middle(mine)));
  return nearest[0].one;
}
