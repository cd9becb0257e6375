// The floor as a manager draws it: sections, and their tables where they stand.
import { currency, restaurant } from "../../session.js";
import { count, plain } from "../../text.js";
import { FloorTile, rove, Segmented } from "../../ui.js";
import { html, useLayoutEffect, useRef, useState } from "../../view.js";
import { Drawing } from "./drawing.js";
import { FewTables, SectionForm, TableForm } from "./floor_forms.js";
import { heard, sections, tables, byName } from "./known.js";

const VIEWS = [
  { value: "draw", label: "Draw" },
  { value: "till", label: "As the till shows it" },
];

const tablesIn = (section) =>
  Object.values(tables.value)
    .filter((table) => table.section_id === section.id)
    .sort(byName);

export function Panel() {
  const [chosen, setChosen] = useState("");
  const [view, setView] = useState("draw");
  const [open, setOpen] = useState(null);
  const all = sections.value;
  const section = all.find((one) => one.id === chosen) || all[0];
  const close = () => setOpen(null);
  const forms = html`
    ${open?.form === "section" && html`<${SectionForm} row=${open.row} onClose=${close} onSaved=${(row) => setChosen(row.id)} />`}
    ${open?.form === "table" && html`<${TableForm} row=${open.row} section=${section} onClose=${close} />`}
    ${open?.form === "few" && html`<${FewTables} section=${section} onClose=${close} />`}`;
  if (!section) {
    if (!heard.value) return html`<p class="empty">Looking at the floor…</p>`;
    return html`<div class="empty stack"><p>No floor is drawn yet. It begins with a section: a room, a terrace, the bar.</p>
      <p><button class="primary big" onClick=${() => setOpen({ form: "section" })}>Add a section</button></p>${forms}</div>`;
  }
  return html`<div class="house stack">
    <div class="house-head"><h1>Floor</h1>
      <${Segmented} label="What is shown" value=${view} options=${VIEWS} onChange=${setView} /></div>
    ${
      view === "till"
        ? html`<${AsTheTill} />`
        : html`<div class="house-head">
            <div class="pick-tabs" role="tablist" aria-label="Sections" onKeyDown=${(event) => rove(event)?.click()}>
              ${all.map(
                (one) => html`<button role="tab" key=${one.id} aria-selected=${one === section} tabindex=${one === section ? 0 : -1}
                  onClick=${() => setChosen(one.id)}><bdi>${plain(one.name)}</bdi> <span class="badge">${tablesIn(one).length}</span></button>`,
              )}
            </div>
            <button onClick=${() => setOpen({ form: "section" })}>Add a section</button>
          </div>
          <div class="row wrap">
            <button class="primary" onClick=${() => setOpen({ form: "table" })}>Add a table</button>
            <button onClick=${() => setOpen({ form: "few" })}>Add several</button>
            <button class="ghost" onClick=${() => setOpen({ form: "section", row: section })}>Change <bdi>${plain(section.name)}</bdi></button>
          </div>
          <${Drawing} key=${section.id} section=${section} tables=${tablesIn(section)} onOpen=${(row) => setOpen({ form: "table", row })} />`
    }
    ${forms}
  </div>`;
}

/** As wide as a till's floor is on an iPad in landscape. */
const TILL_PX = 1148;
/** There the till has no plan, but a list. */
const PHONE = "(max-width: 760px)";

/** The till's own drawing in its own measures, made smaller where it does not fit. */
function AsTheTill() {
  const frame = useRef(null);
  const [zoom, setZoom] = useState(1);
  useLayoutEffect(() => {
    const fit = () => setZoom(matchMedia(PHONE).matches ? 0 : Math.min(1, (frame.current?.clientWidth ?? TILL_PX) / TILL_PX));
    fit();
    addEventListener("resize", fit);
    return () => removeEventListener("resize", fit);
  }, []);
  const drawn = sections.value.filter((one) => tablesIn(one).length);
  const size = zoom ? { width: `${TILL_PX}px`, zoom } : {};
  return html`<div ref=${frame}>
    ${drawn.length === 0 && html`<p class="empty">The till shows no floor while it has no tables.</p>`}
    <div class="floor preview" style=${size}>
      ${drawn.map(
        (one) => html`<section key=${one.id} class="floor-section" aria-label=${plain(one.name)}>
        <h2><bdi>${plain(one.name)}</bdi> <small class="quiet">${count(tablesIn(one).length, "table")}</small></h2>
        <div class="plan" inert>
          ${tablesIn(one).map((table) => html`<${FloorTile} key=${table.id} table=${table} currency=${currency.value} timeZone=${restaurant.value.timezone} />`)}
        </div></section>`,
      )}
    </div>
  </div>`;
}
