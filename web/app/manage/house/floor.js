import { html } from "../../view.js";

export function Panel() {
  return html`<p class="empty">Nothing here yet.</p>`;
}
