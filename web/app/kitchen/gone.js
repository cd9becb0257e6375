// Tickets that have just left the wall. Their place stays theirs for a moment, and takes them back.
import { effect, signal, untracked } from "../view.js";
import { held, hold } from "./places.js";
import { chosenStations, tickets } from "./shop.js";

/** How long an undo stays in the place of what was bumped; longer while fingers are at work. */
const UNDO_MS = 4_000;
const LOOK_MS = 250;

/** What has left, in no order: [{ticket, at}]. `at`: milliseconds of this machine's clock. */
export const gone = signal([]);

/** Notices for as long as the page lives what leaves the wall. */
export function watchLeaving() {
  let shown = new Map();
  let stations = chosenStations.value;
  effect(() => {
    const now = new Map(tickets.value.map((ticket) => [ticket.id, ticket]));
    const left = [...shown.values()].filter(({ id }) => !now.has(id));
    shown = now;
    // Other stations are another wall: nobody's finger waits above what was hung there.
    const changed = stations !== chosenStations.value;
    stations = chosenStations.value;
    untracked(() => {
      const staying = changed ? [] : gone.value.filter(({ ticket }) => !now.has(ticket.id));
      const added = changed ? [] : left.map((ticket) => ({ ticket, at: Date.now() }));
      if (added.length) hold();
      if (added.length || staying.length !== gone.value.length) gone.value = [...staying, ...added];
    });
  });
  setInterval(() => {
    if (!gone.value.length || held()) return;
    const staying = gone.value.filter(({ at }) => Date.now() - at < UNDO_MS);
    if (staying.length !== gone.value.length) gone.value = staying;
  }, LOOK_MS);
}
