// What is off on a ticket that goes on: it stays until a cook has seen it and says so, also when the rest is ready.
import { command } from "../api.js";
import { say } from "../problem.js";
import { plain } from "../text.js";
import { toast } from "../ui.js";
import { html, signal } from "../view.js";

const COOKED = new Set(["queued", "preparing", "ready"]);
const reading = signal(new Set());

/** Units of the line that are off and of which no cook has said that they know. */
export function unseenOff(line) {
  return line.state === "cancelled" ? Math.max(0, line.quantity - (line.cancel_seen_quantity ?? 0)) : 0;
}

/** Whether part of a ticket that goes on is off, and no cook has acknowledged it. */
export function cancelWaits(ticket) {
  return COOKED.has(ticket.state) && ticket.lines.some(unseenOff);
}

async function acknowledge(ticket) {
  reading.value = new Set([...reading.value, ticket.id]);
  try {
    await command(`/kitchen/tickets/${ticket.id}/ack`, {});
  } catch (problem) {
    toast(`Order ${ticket.order_number ?? ""}: ${say(problem)}`, { tone: "bad" });
  } finally {
    reading.value = new Set([...reading.value].filter((id) => id !== ticket.id));
  }
}

/** Loud, until somebody has seen it. */
export function Off({ ticket }) {
  if (!cancelWaits(ticket)) return null;
  const press = (event) => {
    event.stopPropagation();
    acknowledge(ticket);
  };
  return html`<div class="part-off" role="alert">
    <p><b>Off</b> ${ticket.lines
      .filter(unseenOff)
      .map((line) => html`<span key=${line.id}>${unseenOff(line)} × <bdi>${plain(line.name)}</bdi></span>`)}</p>
    <button disabled=${reading.value.has(ticket.id)} onClick=${press}>Seen</button>
  </div>`;
}
