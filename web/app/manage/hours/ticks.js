// Choosing many of a list, which may be long.
import { plain } from "../../text.js";
import { html, useState } from "../../view.js";
import { hasWords } from "../house/levels.js";

/** A list that is seen at a glance needs no search. */
const SEARCH_FROM = 8;

/** `rows`: [{id, name}]; `chosen`: ids; at most `most` of them. `about(row)`: what stands beside its name. */
export function Ticks({ label, noun, rows, chosen, most, onChange, about = () => "" }) {
  const [search, setSearch] = useState("");
  const ticked = new Set(chosen);
  const known = rows.filter((one) => ticked.has(one.id)).length;
  const found = rows.filter((one) => hasWords(one.name, search.trim()));
  const toggle = (id) => onChange(ticked.has(id) ? chosen.filter((one) => one !== id) : [...chosen, id]);
  return html`<fieldset class="checks ticks">
    <legend>${label} <span class="quiet">${known ? `${known} chosen` : "none"}</span></legend>
    ${
      rows.length > SEARCH_FROM &&
      html`<input type="search" placeholder=${`Find ${noun}`} aria-label=${`Find ${noun}`} value=${search} onInput=${(event) => setSearch(event.target.value)} />`
    }
    <div class="rows pick-rows">${found.map(
      (one) => html`<label class="tick" key=${one.id}><input type="checkbox" checked=${ticked.has(one.id)}
        disabled=${!ticked.has(one.id) && chosen.length >= most} onChange=${() => toggle(one.id)} />
        <span><bdi>${plain(one.name)}</bdi> <small class="quiet"><bdi>${about(one)}</bdi></small></span></label>`,
    )}</div>
    ${!found.length && html`<p class="quiet">${rows.length ? "Nothing is called that." : "The menu is empty."}</p>`}
    ${chosen.length >= most && html`<small class="hint">${most.toLocaleString("en-GB")} at most.</small>`}
  </fieldset>`;
}
