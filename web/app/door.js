// The frame of the pages that one stands before: log-in, invitation, new password.
import { html } from "./view.js";

export function Door({ children, foot = null }) {
  return html`<main class="door">
    <section class="panel">
      <h1 class="brand"><img src="/web/icon.svg" alt="" width="44" height="44" />Fynlo</h1>
      ${children}
    </section>
    <footer>${foot}</footer>
  </main>`;
}
