// Says that what one sees is what was, and what can be done meanwhile.
import { now, timeOfDay } from "../clock.js";
import { html } from "../view.js";

/** A hiccup of the network is nobody's business. */
const SHOWN_AFTER_MS = 2_000;

/** `words`: what works without a connection and what does not. `timeZone`: the restaurant's. */
export function Offline({ realtime, timeZone, words }) {
  const { live, phase, lostAt } = realtime.status.value;
  if (live || phase === "stopped" || phase === "open" || !lostAt) return null;
  // Read so that the banner appears by itself.
  if (!now.value || Date.now() - lostAt < SHOWN_AFTER_MS) return null;
  return html`<p class="offline" role="status"><strong>No connection since ${timeOfDay(lostAt, timeZone)}.</strong> ${words}</p>`;
}
