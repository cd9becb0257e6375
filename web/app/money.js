// Amounts are integers in minor units everywhere; this is where they meet people.

const formats = new Map();

function formatOf(currency) {
  let format = formats.get(currency);
  if (!format) {
    format = new Intl.NumberFormat("en-GB", { style: "currency", currency });
    formats.set(currency, format);
  }
  return format;
}

/** Decimals of a currency: 2 for GBP, 0 for JPY. */
export function decimals(currency) {
  return formatOf(currency).resolvedOptions().maximumFractionDigits;
}

/** "£12.50" for 1250 GBP. */
export function money(minor, currency) {
  if (minor === null || minor === undefined || !currency) return "–";
  // A negated 0 would be shown as -£0.00.
  return formatOf(currency).format(minor / 10 ** decimals(currency) || 0);
}

/** "+£1.50" or "−£0.70" for a surcharge; nothing for 0. */
export function delta(minor, currency) {
  if (!minor) return "";
  return `${minor > 0 ? "+" : "−"}${money(Math.abs(minor), currency)}`;
}

/** Notes, smallest first, in minor units. */
export const NOTES_MINOR = [500, 1000, 2000, 5000];
const QUICK_MAX = 4;

/** What a guest probably hands over for `due`: the next whole pound, then what makes sense in notes. */
export function quickCash(due) {
  const amounts = new Set();
  for (const step of [100, ...NOTES_MINOR]) amounts.add(Math.ceil(due / step) * step);
  amounts.delete(due);
  return [...amounts]
    .filter((amount) => amount > due)
    .sort((a, b) => a - b)
    .slice(0, QUICK_MAX);
}

/** The most that a guest can sensibly hand over for `due`: the largest notes that cover it, and one more. */
export function mostCash(due) {
  const largest = Math.max(...NOTES_MINOR);
  return (Math.ceil(due / largest) + 1) * largest;
}

/** Coins and notes to count a drawer with, largest first, in minor units. */
export const DENOMINATIONS = [5000, 2000, 1000, 500, 200, 100, 50, 20, 10, 5, 2, 1];

/** "12.5 %" of basis points. */
export function percent(basisPoints) {
  return `${(basisPoints / 100).toLocaleString("en-GB", { maximumFractionDigits: 2 })} %`;
}
