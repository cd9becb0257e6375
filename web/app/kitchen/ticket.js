// One ticket on the wall.
import { elapsed, now, serverNow, timeOfDay } from "../clock.js";
import { restaurant } from "../session.js";
import { orderTypeName, plain } from "../text.js";
import { html, useEffect, useRef } from "../view.js";
import { Allergies } from "./allergy.js";
import { Off, unseenOff } from "./cancels.js";
import { stationName, step, stepLine } from "./shop.js";

const DEFAULT_TARGET_MS = 15 * 60_000;
const AMBER_FROM = 2 / 3;

/** "green", "amber" (two thirds of its time are over) or "red" (it is late). `at`: milliseconds. */
export function ageOf(ticket, at) {
  const created = Date.parse(ticket.created_at);
  const target = ticket.target_at ? Date.parse(ticket.target_at) : created + DEFAULT_TARGET_MS;
  if (at >= target) return "red";
  return at >= created + (target - created) * AMBER_FROM ? "amber" : "green";
}

export function Ticket({ ticket, position, selected, onSelect }) {
  const element = useRef(null);
  useEffect(() => {
    if (selected) element.current.scrollIntoView({ block: "nearest" });
  }, [selected]);
  const at = now.value || serverNow();
  const off = ticket.state === "cancelled";
  const age = off ? "off" : ageOf(ticket, at);
  return html`<article ref=${element} class="ticket ${age} ${selected ? "selected" : ""}" data-place=${ticket.id} data-ticket=${ticket.id}
    data-number=${ticket.order_number} data-state=${ticket.state} data-age=${age} onClick=${onSelect}
    aria-label=${`Order ${ticket.order_number}`}>
    <header>
      ${position < 9 && html`<kbd>${position + 1}</kbd>`}
      <span class="ticket-number">${ticket.order_number ?? "–"}</span>
      <span class="ticket-where">
        <strong>${ticket.table ? html`Table <bdi>${plain(ticket.table)}</bdi>` : orderTypeName(ticket.order_type)}</strong>
        ${ticket.scheduled_for && html`<span class="ticket-promise">for <time>${timeOfDay(ticket.scheduled_for, restaurant.value?.timezone)}</time></span>`}
        <small>${ticket.station ? html`<bdi>${plain(ticket.station)}</bdi>` : ""}${ticket.course ? html` · <bdi>${plain(ticket.course)}</bdi>` : ""}</small>
      </span>
      <time class="ticket-age">${elapsed(ticket.created_at, at)}</time>
    </header>
    <${Allergies} ticket=${ticket} />
    ${ticket.note && !off && html`<p class="order-note"><b>Whole order</b> <bdi>${plain(ticket.note)}</bdi></p>`}
    ${ticket.rerouted_from_station_id && !off && html`<p class="rerouted">From <bdi>${plain(stationName(ticket.rerouted_from_station_id)) || "another station"}</bdi>: nobody there had it</p>`}
    ${ticket.moved_from && !off && html`<p class="rerouted">Was order ${ticket.moved_from.order_number ?? ""}${ticket.moved_from.table ? html` · table <bdi>${plain(ticket.moved_from.table)}</bdi>` : ""}</p>`}
    ${off && html`<p class="off-banner">Cancelled – stop cooking</p>`}
    <${Off} ticket=${ticket} />
    <ul class="ticket-lines">${ticket.lines.filter((line) => off || line.state !== "cancelled" || unseenOff(line) > 0).map((line) => html`<${Line} key=${line.id} ticket=${ticket} line=${line} />`)}</ul>
    <footer><${Buttons} ticket=${ticket} /></footer>
  </article>`;
}

function Line({ ticket, line }) {
  const off = line.state === "cancelled";
  const tap = (event) => {
    event.stopPropagation();
    stepLine(ticket, line);
  };
  return html`<li><button class="ticket-line ${line.state}" data-line=${line.id} data-state=${line.state} disabled=${off || ticket.state === "cancelled"}
    aria-pressed=${line.state === "ready"} onClick=${tap}>
    <span class="quantity ${line.quantity > 1 ? "many" : ""}">${line.quantity}</span>
    <span class="what"><bdi>${plain(line.name)}</bdi>
      ${line.options.map(
        (option) =>
          html`<span class="picked ${option.item_id ? "component" : ""} ${option.is_size ? "size" : ""} ${option.parent_option_id ? "nested" : ""}" key=${option.option_id}>${option.quantity > 1 ? `${option.quantity} × ` : ""}<bdi>${plain(option.name)}</bdi></span>`,
      )}
      ${line.note && html`<span class="said"><bdi>${plain(line.note)}</bdi></span>`}
      ${line.revision > 1 && line.state === "queued" && html`<span class="added">Added</span>`}
    </span>
    <span class="mark" aria-hidden="true">${off ? "×" : line.state === "ready" ? "✓" : line.state === "preparing" ? "…" : ""}</span>
  </button></li>`;
}

function Buttons({ ticket }) {
  const press = (action) => (event) => {
    event.stopPropagation();
    step(ticket, action);
  };
  if (ticket.state === "cancelled") return html`<button class="bump" onClick=${press("bump")}>Seen</button>`;
  // Where Start was there is nothing to press afterwards: a double tap on it must not bump.
  const begin =
    ticket.state === "queued"
      ? html`<button class="begin" onClick=${press("start")}>Start</button>`
      : html`<span class="begun">Started</span>`;
  return html`${begin}
    <button class="bump" onClick=${press("bump")}>Bump</button>`;
}
