// Finding an item by what somebody types or scans. What is on this device answers at once, the server better.
import { get } from "../api.js";
import { addLine, quantityOf } from "../basket.js";
import { asks, itemOf, menu, stockOf, whyNot } from "../menu.js";
import { Problem } from "../problem.js";
import { plain } from "../text.js";
import { toast } from "../ui.js";
import { useEffect, useState } from "../view.js";
import { dialog, stock, view } from "./shop.js";

/** After the last letter, before the server is asked. */
const PAUSE_MS = 120;
const RESULTS_MAX = 50;
/** What a scanner types comes faster than fingers do; between its digits there is at most this. */
const SCAN_GAP_MS = 60;
const SCAN_DIGITS_MIN = 6;
const UPC_A_DIGITS = 12;
const QUERY_MAX = 100;
const TYPING = "input, textarea, select, [role=spinbutton], [contenteditable]";

const fold = (text) => text.normalize("NFKD").replace(/\p{Mn}/gu, "").toLowerCase();
const items = () => (menu.value?.categories || []).flatMap((category) => category.items);

/** Digits that may be a barcode or a PLU, or "". A UPC-A is the EAN-13 with a 0 before it. */
export function numberOf(text) {
  const digits = text.replace(/[ -]/g, "");
  return /^\d+$/.test(digits) ? (digits.length === UPC_A_DIGITS ? `0${digits}` : digits) : "";
}

const has = (number) => (item) => item.barcode === number || item.plu === number;
const numbered = (number) => (number ? items().find(has(number)) : undefined);

/** What this device finds by itself: a number exactly, else names that have all words. */
function here(text) {
  const exact = numbered(numberOf(text));
  if (exact) return [exact];
  const words = fold(text).split(/\s+/);
  return items().filter((item) => words.every((word) => fold(item.name).includes(word)));
}

/** Items for `text` as the server ranks them, as this device knows them where it does. Throws Problem. */
async function ask(text, limit = RESULTS_MAX) {
  const answer = await get(`/menu/search?q=${encodeURIComponent(text.slice(0, QUERY_MAX))}&limit=${limit}`);
  return answer.items.map((item) => itemOf(item.id) || item);
}

/** {items, asking}: what was found for `text`, and whether the server's word is still to come. */
export function useFound(text) {
  const [answer, setAnswer] = useState({ text: "", items: null });
  useEffect(() => {
    if (!text || numberOf(text).length >= SCAN_DIGITS_MIN) return undefined;
    let over = false;
    const timer = setTimeout(async () => {
      let found = null;
      try {
        found = await ask(text);
      } catch (problem) {
        // Offline: this device's own word stands.
        if (!(problem instanceof Problem)) throw problem;
      }
      if (!over) setAnswer({ text, items: found });
    }, PAUSE_MS);
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }, [text]);
  if (!text) return { items: [], asking: false };
  const told = answer.text === text;
  return { items: (told && answer.items) || here(text), asking: !told && !numberOf(text) };
}

/** Whether none more of an item can be taken: it is sold out, or its last ones are in the basket. */
export function isGone(item) {
  const { soldOut, left } = stockOf(item, stock.value);
  return soldOut || (left !== null && quantityOf(item.id) >= left);
}

/** Puts an item into the basket, or opens what it asks first. False where none can be taken. */
export function take(item) {
  if (isGone(item)) return false;
  if (asks(item)) dialog.value = { name: "options", item };
  else addLine({ item });
  return true;
}

/** The item that Enter takes for a typed text, or null after having said why there is none. */
export async function firstOf(text) {
  const exact = numbered(numberOf(text));
  const found = exact ? [exact] : await bestFor(text);
  const first = found.find((item) => !isGone(item));
  if (first) return first;
  toast(found.length ? goneWords(found[0]) : nothingWords(text), { tone: "bad" });
  return null;
}

const goneWords = (item) => `${whyNot(stockOf(item, stock.value)) || "Sold out"}: ${plain(item.name)}`;

/** What is said where nothing is found. */
export const nothingWords = (text) => `Nothing on the menu is called “${plain(text)}”, or has that number.`;

/** The server's word, without a network this device's. */
async function bestFor(text) {
  try {
    return await ask(text);
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    return here(text);
  }
}

/** A scanned number: only the item that has it, for nobody looks at the screen while scanning. */
async function takeScanned(digits) {
  const number = numberOf(digits);
  const found = numbered(number) || (await bestFor(number)).find(has(number));
  view.value = "sell";
  if (!found) toast(`No item has the number ${digits}.`, { tone: "bad" });
  else if (!take(found)) toast(goneWords(found), { tone: "bad" });
}

/**
 * Listens for a scanner wherever nobody types: digits in quick succession and Enter. A digit that stays alone is a key of
 * the page: `onDigit` gets it. Answers what ends the listening.
 */
export function listenForScans(onDigit) {
  let digits = "";
  let last = Number.NEGATIVE_INFINITY;
  let timer = null;
  let alone = null;
  const tell = () => {
    clearTimeout(timer);
    if (alone) onDigit(alone);
    alone = null;
  };
  const press = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest?.(TYPING) || document.querySelector("dialog:modal")) return;
    // By the time of the key, not of its handling: a busy page gets the keys of a scan late and together.
    const soon = event.timeStamp - last <= SCAN_GAP_MS;
    const scanned = event.key === "Enter" && soon && digits.length >= SCAN_DIGITS_MIN;
    if (!scanned && !/^\d$/.test(event.key)) {
      // Fingers after all, and their digit came before this key.
      tell();
      digits = "";
      return;
    }
    // A button that has the focus is not pressed by the scanner's Enter, nor a view changed by its digits.
    event.preventDefault();
    event.stopImmediatePropagation();
    if (scanned) {
      takeScanned(digits);
      digits = "";
      return;
    }
    if (soon) alone = null;
    else tell();
    digits = soon ? digits + event.key : event.key;
    last = event.timeStamp;
    clearTimeout(timer);
    if (digits.length > 1) return;
    alone = event.key;
    timer = setTimeout(tell, SCAN_GAP_MS);
  };
  document.addEventListener("keydown", press, { capture: true });
  return () => document.removeEventListener("keydown", press, { capture: true });
}
