// The fields of an item as sentences, for two versions that are compared.
import { delta, money, percent } from "../../money.js";
import { menu } from "../../menu.js";
import { currency } from "../../session.js";
import { allergenName } from "../../text.js";
import { hoursWords } from "../../ui.js";

const optionWords = (option) => {
  const price = delta(option.price_delta_minor, currency.value);
  const nested = (option.option_groups ?? []).map(groupWords).join("; ");
  return `${option.name}${price && ` ${price}`}${option.available ? "" : " (off)"}${nested && ` (${nested})`}`;
};
const groupWords = (group) => `${group.name} (${group.min} to ${group.max}): ${group.options.map(optionWords).join(", ")}`;

const WORDS = {
  price_minor: (minor) => money(minor, currency.value),
  category_id: (id) => menu.value?.categories.find((one) => one.id === id)?.name ?? "",
  vat_class: (code) => vatClasses().find((one) => one.code === code)?.name ?? code ?? "",
  allergens: (codes) => codes.map(allergenName).join(", "),
  may_contain: (codes) => codes.map(allergenName).join(", "),
  option_groups: (groups) => groups.map(groupWords).join(" · "),
  windows: (windows) => windows.map(hoursWords).join("; ") || "always",
  stock_tracked: (counted) => (counted ? "yes" : "no"),
};

/** A value of a field, for people. */
export function fieldWords(name, value) {
  return WORDS[name] ? WORDS[name](value) : (value ?? "");
}

/** What an item can be taxed as. A menu that was kept by an older page does not say it. */
export function vatClasses() {
  return menu.value?.vat_classes ?? [];
}

/** "20 % here, 0 % to take away", as of today. */
export function rateWords(code, today = new Date().toISOString().slice(0, 10)) {
  const rates = vatClasses().find((one) => one.code === code)?.rates ?? [];
  const rate = rates.filter((one) => one.effective_from <= today).sort((a, b) => a.effective_from.localeCompare(b.effective_from)).at(-1);
  if (!rate) return "";
  if (rate.eat_in_bp === rate.takeaway_bp) return percent(rate.eat_in_bp);
  return `${percent(rate.eat_in_bp)} eaten here, ${percent(rate.takeaway_bp)} to take away`;
}
