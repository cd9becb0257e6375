// Words for what the API says in codes, and the cleaning of what people typed.

// Control characters, and characters that turn the direction of the text around them: shown, never obeyed.
// eslint-disable-next-line no-control-regex
const UNRULY = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g;

/** A text of a guest or a menu that is safe to show to people: it cannot reorder or hide what is around it. */
export function plain(text) {
  return text === null || text === undefined ? "" : String(text).replace(UNRULY, "\ufffd");
}

const ALLERGENS = {
  celery: "celery",
  cereals_containing_gluten: "gluten",
  crustaceans: "crustaceans",
  eggs: "eggs",
  fish: "fish",
  lupin: "lupin",
  milk: "milk",
  molluscs: "molluscs",
  mustard: "mustard",
  nuts: "nuts",
  peanuts: "peanuts",
  sesame: "sesame",
  soya: "soya",
  sulphites: "sulphites",
};
const METHODS = {
  open_banking: "Open Banking",
  card: "Card",
  apple_pay: "Apple Pay",
  sumup: "SumUp",
  cash: "Cash",
};
const ORDER_TYPES = { eat_in: "Eat in", takeaway: "Takeaway", delivery: "Delivery" };
const STATES = {
  draft: "Draft",
  validated: "Placed",
  paid: "Paid",
  preparing: "Preparing",
  ready: "Ready",
  done: "Done",
  invoiced: "Invoiced",
  cancelled: "Cancelled",
  merged: "Part of another order",
};
const TABLE_STATES = {
  free: "Free",
  reserved: "Reserved",
  occupied: "Occupied",
  paying: "Paying",
  dirty: "To clear",
};
const ROLES = {
  platform_owner: "Platform owner",
  restaurant_owner: "Owner",
  manager: "Manager",
  employee: "Team member",
};

const VOID_REASONS = {
  changed_mind: "Changed their mind",
  entered_by_mistake: "Entered by mistake",
  kitchen_error: "Kitchen error",
  quality: "Not good enough",
  sold_out: "Sold out",
};

const worded = (words) => (code) => words[code] || plain(code).replaceAll("_", " ");
export const allergenName = worded(ALLERGENS);
export const methodName = worded(METHODS);
export const orderTypeName = worded(ORDER_TYPES);
export const stateName = worded(STATES);
export const tableStateName = worded(TABLE_STATES);
export const voidReasonName = worded(VOID_REASONS);
export const voidReasons = Object.keys(VOID_REASONS);
export const roleName = worded(ROLES);

/** The codes of the fourteen allergens, by name. */
export const allergens = Object.keys(ALLERGENS);

/** What a guest must not eat, in words: "gluten · coeliac: no shared fryer"; "" where no guest has said so. */
export function allergyWords(said) {
  return said ? [...said.allergens.map(allergenName), plain(said.text)].filter(Boolean).join(" · ") : "";
}

/** "1 ticket", "3 tickets". */
export function count(number, noun) {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

const UNITS = { gram: "g", millilitre: "ml" };

/** What stock is counted in, short; "" for pieces. */
export const unitName = (unit) => UNITS[unit] ?? "";

/** "1,250 g", "12". */
export function stockAmount(quantity, unit) {
  return [quantity.toLocaleString("en-GB"), unitName(unit)].filter(Boolean).join(" ");
}
