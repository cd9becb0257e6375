// Hours of the week in the restaurant's time: on which days, from when until when.
import { dateWords } from "../clock.js";
import { html } from "../view.js";

const DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const MINUTES_PER_DAY = 1440;

/** "17:00" of minutes after midnight. */
export const clock = (minutes) =>
  `${String(Math.floor((minutes % MINUTES_PER_DAY) / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;
/** And back. */
export const minutesOf = (text) => {
  const [hours, minutes] = text.split(":").map(Number);
  return hours * 60 + minutes;
};

/** "Mon–Fri", "Sat, Sun"; "every day" of all and of none. */
export function dayWords(weekdays) {
  if (weekdays.length === 0 || weekdays.length === DAYS.length) return "every day";
  const days = [...weekdays].sort((a, b) => a - b);
  const runs = [];
  for (const day of days) {
    const run = runs.at(-1);
    if (run?.at(-1) === day - 1) run.push(day);
    else runs.push([day]);
  }
  const named = (run) => (run.length > 2 ? `${DAYS[run[0]]}–${DAYS[run.at(-1)]}` : run.map((day) => DAYS[day]).join(", "));
  return runs.map(named).join(", ");
}

/** "Mon–Fri 17:00–19:00". */
export function hoursWords({ weekdays, from_minutes: from, until_minutes: until }) {
  return `${dayWords(weekdays)} ${clock(from)}–${clock(until)}`;
}

/** "from 1 Dec 2026 · until 24 Dec 2026"; "" where there is neither a first nor a last day. */
export function datesWords({ effective_from: first, effective_until: last }) {
  return [first && `from ${dateWords(first)}`, last && `until ${dateWords(last)}`].filter(Boolean).join(" · ");
}

/** `value`: {weekdays, from_minutes, until_minutes}; no weekday at all means every day. `hours`: false asks for days alone. */
export function WeekHours({ label, value, onChange, hours = true, fault = "" }) {
  const toggle = (day) => {
    const days = new Set(value.weekdays);
    if (!days.delete(day)) days.add(day);
    onChange({ ...value, weekdays: [...days].sort((a, b) => a - b) });
  };
  const set = (name) => (event) => {
    if (!event.target.value) return;
    const minutes = minutesOf(event.target.value);
    // Until midnight is the end of the day, not its beginning.
    onChange({ ...value, [name]: name === "until_minutes" ? minutes || MINUTES_PER_DAY : minutes });
  };
  return html`<div class="week-hours" role="group" aria-label=${label}>
    <div class="days" role="group" aria-label="Days">
      ${DAYS.map(
        (name, day) => html`<button type="button" key=${name} class="day" aria-pressed=${value.weekdays.includes(day)}
          onClick=${() => toggle(day)}>${name}</button>`,
      )}
    </div>
    ${
      hours &&
      html`<label class="field">From <input type="time" required value=${clock(value.from_minutes)} onInput=${set("from_minutes")} /></label>
        <label class="field">Until <input type="time" required value=${clock(value.until_minutes)} onInput=${set("until_minutes")} /></label>`
    }
    <small class=${fault ? "hint bad" : "hint"}>${fault || hint(value)}</small>
  </div>`;
}

function hint({ weekdays, from_minutes: from, until_minutes: until }) {
  const days = weekdays.length ? "" : "No day chosen: every day. ";
  return `${days}${from > until ? "Ends on the day after." : ""}`.trim();
}
