// One clock for everything that shows time passing: the server's, as far as we know it.
import { computed, signal } from "./view.js";

/** A weekday names one day within this. */
const WEEK_MS = 6 * 86_400_000;

let offset = 0;

/** Milliseconds since 1970, ticking every second. */
export const now = signal(Date.now());

/** The same, ticking at every full minute: for what changes by the clock on the wall. */
export const minute = computed(() => Math.floor(now.value / 60_000) * 60_000);

/** The server's time now, in milliseconds. */
export function serverNow() {
  return Date.now() + offset;
}

/** Learns the server's clock from a `welcome` frame. */
export function setServerTime(milliseconds) {
  offset = milliseconds - Date.now();
  now.value = serverNow();
}

setInterval(() => {
  now.value = serverNow();
}, 1000);

/** "4:05" since an instant; "1:02:09" above an hour. */
export function elapsed(since, at) {
  const seconds = Math.max(0, Math.floor((at - Date.parse(since)) / 1000));
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const tail = String(seconds % 60).padStart(2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${tail}` : `${minutes}:${tail}`;
}

/** "12:31" of an instant, in the restaurant's time zone. */
export function timeOfDay(instant, timeZone) {
  if (!instant) return "–";
  return new Date(instant).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", timeZone });
}

/** "20 Nov 2026, 12:31" of an instant, in the restaurant's time zone. */
export function dateTime(instant, timeZone) {
  if (!instant) return "–";
  const options = { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", timeZone };
  return new Date(instant).toLocaleString("en-GB", options);
}

/** "12:31" of an instant today, "19 Nov 2026, 23:50" of one on another day. */
export function timeOrDate(instant, timeZone) {
  const dayOf = (at) => new Date(at).toLocaleDateString("en-GB", { timeZone });
  return dayOf(instant) === dayOf(serverNow()) ? timeOfDay(instant, timeZone) : dateTime(instant, timeZone);
}

/** "17:30" of an instant to come today, "Tue 07:00" of one within a week, else its date. */
export function soon(instant, timeZone) {
  const dayOf = (at) => new Date(at).toLocaleDateString("en-GB", { timeZone });
  if (dayOf(instant) === dayOf(serverNow())) return timeOfDay(instant, timeZone);
  if (Date.parse(instant) - serverNow() > WEEK_MS) return dateTime(instant, timeZone);
  return `${new Date(instant).toLocaleDateString("en-GB", { weekday: "short", timeZone })} ${timeOfDay(instant, timeZone)}`;
}

/** "2026-11-27" of an instant, in the restaurant's time zone. */
export function localDate(instant, timeZone) {
  return new Date(instant).toLocaleDateString("sv-SE", { timeZone });
}

/** "27 Nov 2026" of "2026-11-27". */
export function dateWords(date) {
  const options = { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" };
  return new Date(`${date}T12:00:00Z`).toLocaleDateString("en-GB", options);
}

/** The instant of a day and a time of day there, as the API takes it. An hour that a spring leaves out is the next one. */
export function instantOf(date, time, timeZone) {
  const wanted = Date.parse(`${date}T${time}:00Z`);
  const shownAt = (at) => Date.parse(`${localDate(at, timeZone)}T${timeOfDay(at, timeZone)}:00Z`);
  const first = wanted - (shownAt(wanted) - wanted);
  // The clock may have been moved between the two.
  return new Date(first - (shownAt(first) - wanted)).toISOString();
}
