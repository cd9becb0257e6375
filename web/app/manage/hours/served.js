// Whether a menu is served at a time, by the rule of the catalog and of orders. Pure.
import { localDate, timeOfDay } from "../../clock.js";

const DAY = 1440;
const HOUR = 60;
const MINUTE_MS = 60_000;
const ALL_DAY = { weekdays: [], from_minutes: 0, until_minutes: DAY };

/**
 * What the clock on the wall has shown at the most and will show at the least, in minutes of its own days. They differ
 * around a night in which it is put back, for then an opening and a closing are passed twice.
 */
function wall(at, timeZone) {
  const shown = (minutes) => {
    const instant = at + minutes * MINUTE_MS;
    return Date.parse(`${localDate(instant, timeZone)}T${timeOfDay(instant, timeZone)}:00Z`) / MINUTE_MS;
  };
  const now = shown(0);
  if (shown(-HOUR) + HOUR === now && shown(HOUR) - HOUR === now) return { most: now, least: now };
  const minutes = Array.from({ length: HOUR }, (_, index) => index + 1);
  return {
    most: Math.max(now, ...minutes.map((one) => shown(-one))),
    least: Math.min(now, ...minutes.map((one) => shown(one))),
  };
}

/** Whether a window opens on a day, which counts from 1970. */
function opensOn(day, { weekdays }, { effective_from: first, effective_until: last }) {
  const date = new Date(day * DAY * MINUTE_MS);
  const text = date.toISOString().slice(0, 10);
  const weekday = (date.getUTCDay() + 6) % 7;
  return (!first || first <= text) && (!last || text <= last) && (!weekdays.length || weekdays.includes(weekday));
}

/** `at`: in milliseconds. What is over midnight belongs to the day on which it opens. */
export function isServed(menu, at, timeZone) {
  const { most, least } = wall(at, timeZone);
  const last = Math.floor(most / DAY);
  const days = [last - 1, last];
  return (menu.windows.length ? menu.windows : [ALL_DAY]).some((window) =>
    days.some((day) => {
      const { from_minutes: from, until_minutes: until } = window;
      const closes = day * DAY + until + (from > until ? DAY : 0);
      return opensOn(day, window, menu) && day * DAY + from <= most && least < closes;
    }),
  );
}
