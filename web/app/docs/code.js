// A listing that can be copied.
import { html, useState } from "../view.js";

const SAID_MS = 2_000;

/** `text` as it is; `label`: what it is of, for those who do not see it. */
export function Code({ text, label }) {
  const [said, setSaid] = useState("");
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setSaid("Copied");
    } catch {
      setSaid("Mark it and copy");
    }
    setTimeout(() => setSaid(""), SAID_MS);
  };
  return html`<div class="code">
    <pre class="example" tabindex="0" aria-label=${label}><code>${text}</code></pre>
    <button class="copy" onClick=${copy} aria-label=${`Copy: ${label}`}><span aria-live="polite">${said || "Copy"}</span></button>
  </div>`;
}
