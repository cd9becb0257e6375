// Items that no station takes: an order of them was not sent. Whoever runs the place is told, until stations change.
import { may } from "../session.js";
import { plain } from "../text.js";
import { computed, html } from "../view.js";
import { realtime } from "./shop.js";

const unrouted = computed(() => Object.values(realtime.states.orders.value.unrouted || {}));

export function Unrouted() {
  if (!unrouted.value.length || !may("settings.manage")) return null;
  const names = unrouted.value.map((item) => plain(item.name)).join(", ");
  return html`<div class="alarm" data-unrouted=${names}>
    <strong>No station takes <bdi>${names}</bdi></strong>
    <span>It cannot be sent to the kitchen. Open its station again, or give one a route for it.</span>
  </div>`;
}
