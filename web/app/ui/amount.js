// How an amount or a number of pieces is typed: digit by digit from the right, as on every card terminal. There is
// no point and no comma to get wrong, and no text that would have to be understood.

/** What one field of money takes at most, in minor units: the contract's bound for floats and drawer movements. */
export const AMOUNT_MAX_MINOR = 100_000_000;
export const DELETE = "Backspace";

/**
 * The value after one key ("0" to "9", "00", DELETE), null when nothing is left: {value, refused}. `refused`: the
 * key would lead above `max`, so the value is as it was.
 */
export function typed(value, key, max = AMOUNT_MAX_MINOR) {
  if (key === DELETE) return { value: value >= 10 ? Math.floor(value / 10) : null, refused: false };
  const next = Number(`${value ?? ""}${key}`);
  return next > max ? { value, refused: true } : { value: next, refused: false };
}

/** Whether a key of a keyboard types a digit. */
export function isDigit(key) {
  return key.length === 1 && key >= "0" && key <= "9";
}
