// What a guest must not eat, on a ticket: a cook reads it and says so before any of the food is ready.
import { command } from "../api.js";
import { say } from "../problem.js";
import { allergenName, allergyWords } from "../text.js";
import { toast } from "../ui.js";
import { html, signal } from "../view.js";

const COOKED = new Set(["queued", "preparing", "ready"]);
const reading = signal(new Set());

/** Whether a guest's allergy is on it that no cook has acknowledged. */
export function allergyWaits(ticket) {
  return Boolean(ticket.guest_allergy) && !ticket.allergy_acknowledged_at && COOKED.has(ticket.state);
}

/** Whether it holds the food up; then the cook is told why. */
export function heldByAllergy(ticket) {
  if (!allergyWaits(ticket)) return false;
  toast(`Order ${ticket.order_number ?? ""}: read the guest's allergy and acknowledge it first`, { tone: "bad" });
  return true;
}

/** What the cook has read goes along: an allergy that has changed in the meantime is not acknowledged. */
async function acknowledge(ticket) {
  const { allergens, text } = ticket.guest_allergy;
  reading.value = new Set([...reading.value, ticket.id]);
  try {
    await command(`/kitchen/tickets/${ticket.id}/guest-allergy/acknowledge`, { allergens, text });
  } catch (problem) {
    toast(`Order ${ticket.order_number ?? ""}: ${say(problem)}`, { tone: "bad" });
  } finally {
    reading.value = new Set([...reading.value].filter((id) => id !== ticket.id));
  }
}

/** The guest's allergy, loud; the allergens of the food, quiet. */
export function Allergies({ ticket }) {
  if (ticket.state === "cancelled") return null;
  const waits = allergyWaits(ticket);
  const press = (event) => {
    event.stopPropagation();
    acknowledge(ticket);
  };
  return html`
    ${
      ticket.guest_allergy &&
      html`<div class="guest-allergy ${waits ? "waits" : ""}" role=${waits ? "alert" : "note"}>
        <p><b>Guest allergy</b> <bdi>${allergyWords(ticket.guest_allergy)}</bdi></p>
        ${waits ? html`<button disabled=${reading.value.has(ticket.id)} onClick=${press}>Acknowledge</button>` : html`<small>Acknowledged ✓</small>`}
      </div>`
    }
    ${ticket.allergy.length > 0 && html`<p class="contains">Contains ${ticket.allergy.map(allergenName).join(", ")}</p>`}
    ${ticket.may_contain?.length > 0 && html`<p class="contains traces">May contain ${ticket.may_contain.map(allergenName).join(", ")}</p>`}
  `;
}
