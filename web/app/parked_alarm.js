// How many events services could not handle: an alarm on the pages of the platform's operators.
import { get } from "./api.js";
import { may } from "./session.js";
import { count } from "./text.js";
import { html, signal, useEffect } from "./view.js";

const EVERY_MS = 30_000;
/** Where a service stops counting. */
const COUNTED_MAX = 10_000;

/** What every service says: [{service, parked}], parked null where it could not be asked; null before. */
export const parkedBy = signal(null);

/** "3", "more than 10000". */
export function parkedNumber(parked) {
  return parked > COUNTED_MAX ? `more than ${COUNTED_MAX}` : String(parked);
}

async function look() {
  try {
    parkedBy.value = (await get("/platform/parked?limit=1")).services;
  } catch (problem) {
    console.info("parked events were not counted:", problem.code);
  }
}

/** The number, with the way to them. Nothing for whoever may not see them. */
export function ParkedAlarm() {
  const mine = may("platform.operate");
  useEffect(() => {
    if (!mine) return undefined;
    look();
    const timer = setInterval(look, EVERY_MS);
    return () => clearInterval(timer);
  }, [mine]);
  if (!mine || !parkedBy.value) return null;
  const parked = parkedBy.value.reduce((sum, one) => sum + (one.parked || 0), 0);
  const away = parkedBy.value.filter((one) => one.parked === null).length;
  const tone = parked ? "bad" : away ? "warn" : "good";
  const words = parked ? `${parkedNumber(parked)} ${parked === 1 ? "event is" : "events are"} parked` : "No event is parked";
  return html`<p class="notice ${tone} row spread" role=${parked ? "alert" : undefined} data-parked=${parked}>
    <span>${words}${away ? ` (${count(away, "service")} could not be asked)` : ""}</span>
    <a class="link" href="/platform/parked">Parked events</a>
  </p>`;
}
