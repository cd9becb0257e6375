// The wall: tickets that are to be cooked, and the places of those that have just gone.
import { count } from "../text.js";
import { html, useLayoutEffect, useRef } from "../view.js";
import { gone } from "./gone.js";
import { selected } from "./keys.js";
import { arrange, below, hang, showMore } from "./places.js";
import { inOrder, realtime, recallById, recallable, tickets } from "./shop.js";
import { Ticket } from "./ticket.js";

/** The second tap of a double tap, where Undo has come under the finger, takes nothing back. */
const ARMED_MS = 600;

function Gone({ ticket, at }) {
  const undo = () => Date.now() - at > ARMED_MS && recallById(ticket.id);
  const ready = recallable.value.some((one) => one.id === ticket.id);
  return html`<article class="ticket gone" data-place=${ticket.id} data-gone=${ticket.order_number}>
    <p><span class="ticket-number">${ticket.order_number ?? "–"}</span> ${ready ? "bumped" : "gone"}</p>
    ${ready && html`<button class="undo" onClick=${undo}>Undo</button>`}
  </article>`;
}

export function Wall() {
  const element = useRef(null);
  const all = tickets.value;
  const left = gone.value;
  useLayoutEffect(() => {
    hang(element.current);
    return () => hang(null);
  }, [!all.length && !left.length]);
  // Before anything is drawn, so that nothing hangs in a wrong place for even a moment.
  useLayoutEffect(() => {
    arrange();
  }, [all, left]);
  if (!all.length && !left.length) {
    const { live } = realtime.status.value;
    return html`<main class="wall calm"><p>${live ? "All clear" : "Waiting for orders…"}</p><small>New tickets appear here by themselves.</small></main>`;
  }
  const cards = [
    ...all.map((ticket, position) => ({ ticket, position })),
    ...left.map(({ ticket, at }) => ({ ticket, at, position: -1 })),
  ].sort((a, b) => inOrder(a.ticket, b.ticket));
  return html`<main ref=${element} class="wall" aria-label=${count(all.length, "open ticket")}>
    ${cards.map(({ ticket, position, at }) =>
      position < 0
        ? html`<${Gone} key=${`gone-${ticket.id}`} ticket=${ticket} at=${at} />`
        : html`<${Ticket} key=${ticket.id} ticket=${ticket} position=${position}
          selected=${selected.value === ticket.id} onSelect=${() => (selected.value = ticket.id)} />`,
    )}
  </main>`;
}

/** What a cook does not see. */
export function More() {
  if (!below.value) return null;
  return html`<button class="more" onClick=${showMore}>${below.value} more below ↓</button>`;
}
