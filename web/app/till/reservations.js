// Who is expected, where and when: tables are reserved here, and given back when nobody comes.
import { command } from "../api.js";
import { dateTime, instantOf, localDate, serverNow, timeOfDay, timeOrDate } from "../clock.js";
import { newId } from "../ids.js";
import { may, restaurant } from "../session.js";
import { count, plain } from "../text.js";
import { Dialog, NumberField, Refusal, toast } from "../ui.js";
import { computed, html, useState } from "../view.js";
import { useCommand } from "./command.js";
import { dialog, closeDialog, learnTable, sections, tables } from "./shop.js";

const NAME_MAX = 60;
const [MINUTES_MIN, MINUTES_MAX] = [5, 720];
const USUAL_MINUTES = 90;
const QUARTER_MS = 15 * 60_000;

const expected = computed(() =>
  Object.values(tables.value)
    .filter((table) => table.reservation)
    .sort((a, b) => a.reservation.from.localeCompare(b.reservation.from)),
);

/** The way to all reservations, and to a new one. */
export function ReservationsButton() {
  const number = expected.value.length;
  return html`<p class="floor-acts"><button onClick=${() => (dialog.value = { name: "reservations" })}>Reservations${number > 0 && html` <span class="badge count">${number}</span>`}</button></p>`;
}

/** Gives a table back. Answers nothing; `problem` of the command says why it could not be. */
function useCancel() {
  const [state, setState] = useState({ busy: false, problem: null });
  const cancel = async (table) => {
    setState({ busy: true, problem: null });
    try {
      learnTable(await command(`/floor/tables/${table.id}/reserve`, undefined, { method: "DELETE", key: newId() }));
      toast(`Table ${plain(table.name)}: the reservation of ${plain(table.reservation.name)} is cancelled`);
      setState({ busy: false, problem: null });
    } catch (problem) {
      setState({ busy: false, problem });
    }
  };
  return { ...state, cancel };
}

function CancelButton({ table, busy, onClick }) {
  if (!may("orders.place")) return null;
  return html`<button type="button" class="danger" disabled=${busy} aria-label=${`Cancel the reservation of ${plain(table.reservation.name)}`} onClick=${onClick}>Cancel it</button>`;
}

/** Whose table it is, at the table itself. */
export function Expected({ table }) {
  const { cancel, busy, problem } = useCancel();
  if (!table.reservation) return null;
  const { name, from, minutes } = table.reservation;
  return html`<div class="row spread" data-expected=${name}><p><strong><bdi>${plain(name)}</bdi></strong> is expected at ${timeOrDate(from, restaurant.value.timezone)}, for ${minutes} minutes.</p>
    <${CancelButton} table=${table} busy=${busy} onClick=${() => cancel(table)} /></div>
    <${Refusal} problem=${problem} />`;
}

/** Who is expected, soonest first, and the form for somebody new. */
export function ReservationsDialog() {
  const { cancel, busy, problem } = useCancel();
  const zone = restaurant.value.timezone;
  return html`<${Dialog} title="Reservations" name="reservations" wide onClose=${closeDialog}>
    <div class="stack">
      ${expected.value.length === 0 && html`<p class="empty">Nobody is expected.</p>`}
      <ul class="reservations" aria-label="Expected">${expected.value.map(
        (table) => html`<li key=${table.id} data-reservation=${table.name}>
          <span><strong>Table <bdi>${plain(table.name)}</bdi></strong> · <bdi>${plain(table.reservation.name)}</bdi>
            <small class="quiet">${dateTime(table.reservation.from, zone)}, ${table.reservation.minutes} minutes</small></span>
          <${CancelButton} table=${table} busy=${busy} onClick=${() => cancel(table)} /></li>`,
      )}</ul>
      <${Refusal} problem=${problem} />
      ${may("orders.place") && html`<${Reserve} zone=${zone} />`}
    </div>
  <//>`;
}

function Reserve({ zone }) {
  const soon = Math.ceil(serverNow() / QUARTER_MS) * QUARTER_MS;
  const [draft, setDraft] = useState({ table: "", name: "", date: localDate(soon, zone), time: timeOfDay(soon, zone), minutes: USUAL_MINUTES });
  const { run, busy, problem } = useCommand();
  const set = (field) => (value) => setDraft({ ...draft, [field]: value });
  const typed = (field) => (event) => set(field)(event.target.value);
  const reserve = async (event) => {
    event.preventDefault();
    const body = { from: instantOf(draft.date, draft.time, zone), minutes: draft.minutes, name: draft.name.trim() };
    const table = await run(`/floor/tables/${draft.table}/reserve`, body);
    if (!table) return;
    learnTable(table);
    toast(`Table ${plain(table.name)} is reserved for ${plain(body.name)}`, { tone: "good" });
    setDraft({ ...draft, table: "", name: "" });
  };
  return html`<form class="stack reserve" aria-label="Reserve a table" onSubmit=${reserve}>
    <h3>Reserve a table</h3>
    <label class="field">Name <input name="guest" required maxlength=${NAME_MAX} data-focus value=${draft.name} onInput=${typed("name")} /></label>
    <label class="field">Table <select name="table" required value=${draft.table} onChange=${typed("table")}>
      <option value="">Choose…</option>
      ${sections.value.map(
        (section) => html`<optgroup key=${section.id} label=${plain(section.name)}>${section.tables.map(
          (table) => html`<option key=${table.id} value=${table.id} disabled=${Boolean(table.reservation)}>${plain(table.name)} · ${count(table.seats, "seat")}${table.reservation ? ` · reserved, ${timeOrDate(table.reservation.from, zone)}` : ""}</option>`,
        )}</optgroup>`,
      )}</select></label>
    <div class="three">
      <label class="field">Day <input type="date" name="day" required min=${localDate(serverNow(), zone)} value=${draft.date} onInput=${typed("date")} /></label>
      <label class="field">Time <input type="time" name="time" required value=${draft.time} onInput=${typed("time")} /></label>
      <${NumberField} label="Minutes" name="minutes" value=${draft.minutes} min=${MINUTES_MIN} max=${MINUTES_MAX} onChange=${set("minutes")} />
    </div>
    <${Refusal} problem=${problem} />
    <button class="primary big" disabled=${busy || !draft.name.trim()}>Reserve it</button>
  </form>`;
}
