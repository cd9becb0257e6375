// What is to be printed and what became of it; for whoever manages the house, and for the till that waits for paper.
import { command } from "./api.js";
import { now, serverNow, timeOrDate } from "./clock.js";
import { newId } from "./ids.js";
import { may, restaurant } from "./session.js";
import { plain } from "./text.js";
import { Refusal, Segmented, toast } from "./ui.js";
import { html, useState } from "./view.js";

/** An agent takes what is queued within seconds; after this nobody seems to be there. */
const WAITS_MS = 60_000;
const SHOWN_FIRST = 20;
const STATES = {
  queued: "Waits",
  claimed: "Is being printed",
  printed: "Printed",
  failed: "Not printed",
  rerouted: "Printed elsewhere",
};
const TONES = { queued: "warn", claimed: "", printed: "", failed: "bad", rerouted: "" };
const OPEN = new Set(["queued", "claimed"]);
const VIEWS = [
  { value: "open", label: "To print" },
  { value: "failed", label: "Not printed" },
  { value: "all", label: "All" },
];

export const isOpen = (job) => OPEN.has(job.state);
/** Whether a job waits for longer than an agent takes. */
export const isLate = (job) => isOpen(job) && (now.value || serverNow()) - Date.parse(job.created_at) > WAITS_MS;
/** What somebody has to look after. */
export const needsHands = (job) => job.state === "failed" || isLate(job);

const SHOWN = { open: isOpen, failed: (job) => job.state === "failed", all: () => true };

/** `jobs`: newest first; `printers`: all; `first`: which of them are shown at first. */
export function PrintQueue({ jobs, printers, first = "open" }) {
  const [view, setView] = useState(first);
  const [most, setMost] = useState(SHOWN_FIRST);
  const found = jobs.filter(SHOWN[view]);
  const late = jobs.filter(isLate);
  return html`<div class="stack print-queue">
    ${late.length > 0 && html`<p class="notice warn" role="status">Nobody has taken ${late.length === 1 ? "a job" : `${late.length} jobs`} for more than a minute. Is the print agent running, and its printer on?</p>`}
    <${Segmented} label="Which" value=${view} options=${VIEWS} onChange=${setView} />
    ${found.length === 0 && html`<p class="empty">${view === "all" ? "Nothing was printed yet." : view === "failed" ? "Nothing has failed." : "Nothing waits."}</p>`}
    <ul class="rows">${found.slice(0, most).map((job) => html`<${Job} key=${job.id} job=${job} printers=${printers} />`)}</ul>
    ${found.length > most && html`<button onClick=${() => setMost(most + SHOWN_FIRST)}>Show more</button>`}
  </div>`;
}

function Job({ job, printers }) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState(null);
  const [elsewhere, setElsewhere] = useState("");
  const run = async (act, words) => {
    setBusy(true);
    setProblem(null);
    try {
      await act();
      toast(words, { tone: "good" });
      setElsewhere("");
    } catch (refusal) {
      setProblem(refusal);
    }
    setBusy(false);
  };
  const named = (id) => plain(printers.find((one) => one.id === id)?.name ?? "");
  const others = printers.filter((one) => one.id !== job.printer_id);
  const to = elsewhere || job.printer_id;
  const again = () =>
    run(
      () => command(`/print-jobs/${job.id}/retry`, elsewhere ? { printer_id: elsewhere } : {}),
      `${plain(job.title)} is on its way to ${named(to) || "its printer"}`,
    );
  const copy = () =>
    run(
      () => command("/print-jobs", { order_id: job.order_id, printer_id: to }, { key: newId() }),
      `A copy is on its way to ${named(to)}`,
    );
  // Paper that came out is a copy when it comes out again; a ticket is printed again by the kitchen.
  const isPrinted = job.state === "printed";
  const offers = isPrinted ? job.kind === "receipt" && named(job.printer_id) : isOpen(job) || job.state === "failed";
  return html`<li class="house-row job" data-job=${job.title} data-state=${job.state}>
    <div class="about"><strong><bdi>${plain(job.title)}</bdi></strong>
      <span class="badge ${TONES[job.state] ?? ""}">${STATES[job.state] ?? plain(job.state)}</span>
      <small class="quiet"><bdi>${plain(job.printer_name)}</bdi> · ${timeOrDate(job.created_at, restaurant.value.timezone)}${job.attempts ? ` · ${job.attempts === 1 ? "one try" : `${job.attempts} tries`}` : ""}</small>
      ${job.error && html`<small class="why"><bdi>${plain(job.error)}</bdi></small>`}
      <${Refusal} problem=${problem} /></div>
    ${
      offers &&
      may("orders.place") &&
      html`<div class="acts">
      ${
        others.length > 0 &&
        html`<select aria-label=${`Where ${plain(job.title)} is printed`} value=${elsewhere} onChange=${(event) => setElsewhere(event.target.value)}>
        <option value="">${plain(job.printer_name)}</option>${others.map((one) => html`<option key=${one.id} value=${one.id}>${plain(one.name)}</option>`)}</select>`
      }
      <button type="button" disabled=${busy} onClick=${isPrinted ? copy : again}>${isPrinted ? "Print a copy" : "Try again"}</button></div>`
    }
  </li>`;
}
