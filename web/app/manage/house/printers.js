// Printers: what each prints, who takes over, and the queue of what is to be printed.
import { plain } from "../../text.js";
import { html, useState } from "../../view.js";
import { heard, jobs, printers, stations } from "./known.js";
import { PrinterForm } from "./printer_form.js";
import { PrintQueue } from "../../print_queue.js";

const stationName = (id) => plain(stations.value.find((one) => one.id === id)?.name ?? "a station that is gone");

/** What a printer prints by itself, in words. */
function printsWords(printer) {
  if (printer.kind === "kitchen") {
    return printer.station_id ? `Tickets of ${stationName(printer.station_id)}` : "Tickets that are sent to it by name";
  }
  const first = printers.value.find((one) => one.kind === "receipt");
  return first?.id === printer.id ? "Bills, receipts and invoices" : "Bills, receipts and invoices that are sent to it by name";
}

export function Panel() {
  const [open, setOpen] = useState(null);
  const close = () => setOpen(null);
  const all = printers.value;
  const form = open && html`<${PrinterForm} row=${open.row} onClose=${close} />`;
  if (!all.length) {
    if (!heard.value) return html`<p class="empty">Looking for printers…</p>`;
    return html`<div class="empty stack"><p>No printer is known yet. Paper comes out by the print agent, a program that runs
        in the house and takes what is to be printed from here.</p>
      <p><button class="primary big" onClick=${() => setOpen({})}>Add a printer</button></p>${form}</div>`;
  }
  const silent = stations.value.filter((one) => !all.some((printer) => printer.station_id === one.id));
  return html`<div class="house stack">
    <div class="house-head"><h1>Printers</h1><button class="primary" onClick=${() => setOpen({})}>Add a printer</button></div>
    <ul class="rows">${all.map((printer) => html`<${Printer} key=${printer.id} printer=${printer} onOpen=${() => setOpen({ row: printer })} />`)}</ul>
    ${silent.length > 0 && html`<p class="quiet">Stations without a printer: ${silent.map((one) => plain(one.name)).join(", ")}. Their tickets are on the kitchen display alone.</p>`}
    <section class="panel stack" aria-label="What is to be printed"><h2>What is to be printed</h2>
      <${PrintQueue} jobs=${jobs.value} printers=${all} /></section>
    ${form}
  </div>`;
}

function Printer({ printer, onOpen }) {
  const fallback = printers.value.find((one) => one.id === printer.fallback_id);
  const mine = jobs.value.filter((job) => job.printer_id === printer.id);
  const waiting = mine.filter((job) => job.state === "queued" || job.state === "claimed").length;
  const failed = mine.filter((job) => job.state === "failed").length;
  return html`<li class="house-row" data-printer=${printer.name}>
    <div class="about"><strong><bdi>${plain(printer.name)}</bdi></strong>
      ${waiting > 0 && html`<span class="badge warn">${waiting} to print</span>`}
      ${failed > 0 && html`<span class="badge bad">${failed} failed</span>`}
      <small class="quiet">${printsWords(printer)} · ${printer.width} characters</small>
      <small class="quiet">${fallback ? html`Where it cannot: <bdi>${plain(fallback.name)}</bdi>` : "Nobody takes over where it cannot"}</small></div>
    <button aria-label=${`Change ${plain(printer.name)}`} onClick=${onOpen}>Change</button>
  </li>`;
}
