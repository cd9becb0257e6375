// Removing something that others may use: what it takes with it is said before, why it cannot be done in place.
import { command } from "../../api.js";
import { plain } from "../../text.js";
import { Refusal, toast } from "../../ui.js";
import { html, useState } from "../../view.js";
import { useAct } from "./saving.js";

/** `path`: what is deleted; `why`: why it cannot be removed now, or ""; `after`: what goes with it. `done` follows. */
export function Remove({ path, name, why = "", after = "It is gone for everybody.", done }) {
  const [asked, setAsked] = useState(false);
  const { run, busy, problem } = useAct();
  const remove = async () => {
    if (!(await run((key) => command(path, undefined, { method: "DELETE", key })))) return;
    toast(`${plain(name)} is removed`);
    done();
  };
  if (why) return html`<p class="quiet remove">${why}</p>`;
  if (!asked) return html`<p class="remove"><button type="button" class="danger" onClick=${() => setAsked(true)}>Remove</button></p>`;
  return html`<div class="stack remove"><p>Remove <bdi>${plain(name)}</bdi>? ${after}</p>
    <${Refusal} problem=${problem} />
    <div class="row"><button type="button" onClick=${() => setAsked(false)}>Keep it</button>
      <button type="button" class="danger" disabled=${busy} onClick=${remove}>Remove it</button></div></div>`;
}
