// The basket: what a guest wants and nobody has sent yet. It survives a reload of this tab.
import { newId } from "./ids.js";
import { restaurant } from "./session.js";
import { signal } from "./view.js";

const STORED = "fynlo.basket.";
const QUANTITY_MAX = 99;
export const NOTE_MAX = 200;

const EMPTY = { lines: [], order_type: "eat_in", service_flow: "pay_later", table: null, guest_allergy: null, note: "", scheduled_for: null, customer_name: "", order: null };

/**
 * {lines, order_type, service_flow, table: {id, name} or null, guest_allergy: {allergens, text} or null, note,
 * scheduled_for: an instant or null, customer_name, order: {id, number} of the order that it is added to, or null};
 * a line: {id, item_id, name, unit_minor, quantity, options, note, override?: why it is sold although it is not on sale now},
 * with options
 * [{option_id, name, quantity, price_delta_minor}].
 */
export const basket = signal(EMPTY);

const storedName = () => STORED + restaurant.value.id;

/** Takes up the basket of before a reload. */
export function restoreBasket() {
  try {
    basket.value = { ...EMPTY, ...JSON.parse(sessionStorage.getItem(storedName())) };
  } catch {
    basket.value = EMPTY;
  }
}

function put(next) {
  basket.value = next;
  sessionStorage.setItem(storedName(), JSON.stringify(next));
}

const samePick = (line, other) =>
  line.item_id === other.item_id &&
  line.note === other.note &&
  line.override === other.override &&
  line.options.map((option) => `${option.option_id}×${option.quantity}`).join() ===
    other.options.map((option) => `${option.option_id}×${option.quantity}`).join();

/** Puts an item in; one that is there with the same options and note counts up. */
export function addLine({ item, quantity = 1, options = [], note = "", override = undefined }) {
  const line = {
    id: newId(),
    item_id: item.id,
    name: item.name,
    unit_minor: item.price_minor,
    quantity,
    options,
    note,
    override,
  };
  const { lines } = basket.value;
  const known = lines.find((other) => samePick(other, line) && other.quantity + quantity <= QUANTITY_MAX);
  const grown = known
    ? lines.map((other) => (other === known ? { ...other, quantity: other.quantity + quantity } : other))
    : [...lines, line];
  put({ ...basket.value, lines: grown });
}

/** Replaces options, note or quantity of a line. */
export function changeLine(id, change) {
  const lines = basket.value.lines.map((line) => (line.id === id ? { ...line, ...change } : line));
  put({ ...basket.value, lines: lines.filter((line) => line.quantity > 0) });
}

/** One more or one less; none left removes the line. */
export function stepLine(id, step) {
  const line = basket.value.lines.find((other) => other.id === id);
  if (line) changeLine(id, { quantity: Math.min(QUANTITY_MAX, line.quantity + step) });
}

/** Eat in or takeaway, pay now or later, at which table, what the guest must not eat, a note to the kitchen. */
export function setBasket(change) {
  put({ ...basket.value, ...change });
}

/** Empties it; what was chosen for the whole order stays: it is the same guest who thinks again. */
export function clearBasket() {
  put({ ...basket.value, lines: [] });
}

/** Empties it after an order: how this house is paid stays, what this guest chose does not. */
export function forNextGuest() {
  put({ ...EMPTY, service_flow: basket.value.service_flow });
}

/** Puts back what could not be sent. */
export function refill(lines) {
  put({ ...basket.value, lines });
}

/** Units in the basket of an item, whatever the options. */
export function quantityOf(itemId) {
  return basket.value.lines.reduce((sum, line) => sum + (line.item_id === itemId ? line.quantity : 0), 0);
}

/** What a line costs before anything that the server adds or takes off. */
export function lineMinor(line) {
  const extras = line.options.reduce((sum, option) => sum + option.price_delta_minor * option.quantity, 0);
  return (line.unit_minor + extras) * line.quantity;
}

/** The body for POST /orders, without its id. */
export function orderBody(wanted, menuVersion) {
  const { guest_allergy, note, customer_name } = wanted;
  return {
    ...draftOf(wanted, menuVersion),
    ...(guest_allergy ? { guest_allergy } : {}),
    ...(note ? { note } : {}),
    ...(customer_name ? { customer_name } : {}),
  };
}

/** The body for POST /orders/quote: what decides the price, where it goes and for when. */
export function draftOf({ lines, order_type, service_flow, table, scheduled_for }, menuVersion) {
  return {
    service_flow,
    order_type,
    menu_version: menuVersion,
    ...(table ? { table_id: table.id } : {}),
    ...(scheduled_for ? { scheduled_for } : {}),
    lines: lines.map((line) => ({
      id: line.id,
      item_id: line.item_id,
      quantity: line.quantity,
      options: line.options.map(({ option_id, quantity }) => ({ option_id, quantity })),
      ...(line.note ? { note: line.note } : {}),
      ...(line.override ? { override_reason: line.override } : {}),
    })),
  };
}
