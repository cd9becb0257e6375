// Orders for later: when and how many are promised, and what of today is taken.
import { get } from "../../api.js";
import { say } from "../../problem.js";
import { may } from "../../session.js";
import { html, useState } from "../../view.js";
import { useRead } from "../house/reading.js";
import { PATH, Settings } from "./settings.js";
import { Slots } from "./slots.js";

/** Who may change them: they decide what guests are promised. */
const MANAGES = "settings.manage";

const read = () => get(PATH);

export function Panel() {
  const { found, problem, again } = useRead(read, []);
  const [saved, setSaved] = useState(null);
  const settings = saved ?? found;
  if (!settings) {
    if (!problem) return html`<p class="empty">Looking up the slots…</p>`;
    return html`<div class="empty stack" role="alert"><p>${say(problem)}</p><button type="button" onClick=${again}>Try again</button></div>`;
  }
  const mayChange = may(MANAGES);
  return html`<div class="house stack takeaway">
    <div class="house-head"><h1>Takeaway and orders for later</h1></div>
    ${!mayChange && html`<p class="notice">You see how orders are promised. Only the owner changes it: it is what guests are told.</p>`}
    <${Settings} key=${settings.version} settings=${settings} mayChange=${mayChange} read=${read} onSaved=${setSaved} />
    <${Slots} version=${settings.version} />
  </div>`;
}
