// Paper that did not come out: said on every till, with what to do about it, until it is printed or put aside.
import { serverNow } from "../clock.js";
import { needsHands, PrintQueue } from "../print_queue.js";
import { count } from "../text.js";
import { Dialog } from "../ui.js";
import { computed, html, signal } from "../view.js";
import { closeDialog, dialog, realtime } from "./shop.js";

/** Nobody waits for older paper any more. */
const RECENT_MS = 12 * 60 * 60_000;

const state = realtime.states.printing;
const jobs = computed(() => Object.values(state.value.jobs).sort((a, b) => b.created_at.localeCompare(a.created_at)));
// Put aside on this till, each as it was then: what fails anew is said again.
const aside = signal(new Set());
const nameOf = (job) => `${job.id} ${job.attempts}`;
const amiss = computed(() =>
  jobs.value.filter(
    (job) => needsHands(job) && serverNow() - Date.parse(job.created_at) < RECENT_MS && !aside.value.has(nameOf(job)),
  ),
);

export function PrintAlarm() {
  const all = amiss.value;
  if (!all.length) return null;
  const failed = all.filter((job) => job.state === "failed").length;
  const words = [failed && `${count(failed, "paper")} not printed`, all.length > failed && `${count(all.length - failed, "paper")} waiting to be printed`];
  const putAside = () => (aside.value = new Set([...aside.value, ...all.map(nameOf)]));
  return html`<div class="print-alarm" data-print-alarm=${all.length}>
    <span class="badge ${failed ? "bad" : "warn"}">${all.length}</span>
    <span>${words.filter(Boolean).join(", ")}</span>
    <button class="link" onClick=${() => (dialog.value = { name: "printing" })}>Show</button>
    <button class="link" onClick=${putAside}>Not now</button>
  </div>`;
}

export function PrintingDialog() {
  const failed = jobs.value.some((job) => job.state === "failed");
  return html`<${Dialog} title="What is to be printed" name="printing" wide onClose=${closeDialog}>
    <${PrintQueue} jobs=${jobs.value} printers=${Object.values(state.value.printers)} first=${failed ? "failed" : "open"} />
  <//>`;
}
