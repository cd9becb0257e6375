// The kitchen's stations: in which order they stand, what each gets, and where something goes.
import { say } from "../../problem.js";
import { may } from "../../session.js";
import { plain } from "../../text.js";
import { SortedList, toast } from "../../ui.js";
import { html, useState } from "../../view.js";
import { all, heard, stations, unrouted } from "./known.js";
import { routeWords, targetWords } from "./routes.js";
import { arrange } from "./saving.js";
import { STATION_FIELDS, StationForm } from "./station_form.js";
import { Tester } from "./tester.js";

/** Who may change stations: they decide what is cooked at all. */
const MANAGES = "settings.manage";

const PATH = "/kitchen/stations";
const readStation = async (id) => (await all(PATH)).find((one) => one.id === id);

export function Panel() {
  const [open, setOpen] = useState(null);
  const mayChange = may(MANAGES);
  const order = (ids) => arrange({ rows: stations.value, ids, path: PATH, fields: STATION_FIELDS, read: readStation }).catch((problem) => {
      toast(say(problem), { tone: "bad" });
      return false;
    });
  const close = () => setOpen(null);
  if (!stations.value.length && !heard.value) return html`<p class="empty">Looking at the kitchen…</p>`;
  return html`<div class="house stack">
    <div class="house-head"><h1>Kitchen</h1>
      ${mayChange && html`<button class="primary" onClick=${() => setOpen({})}>Add a station</button>`}</div>
    ${!mayChange && html`<p class="notice">You see the stations. Only the owner changes them: what no station takes is not cooked.</p>`}
    <${Nowhere} />
    <${SortedList} label="Stations" items=${stations.value} nameOf=${(one) => plain(one.name)} disabled=${!mayChange} onOrder=${order}
      row=${(one) => html`<${Station} station=${one} onOpen=${mayChange ? () => setOpen({ row: one }) : null} />`} />
    <${Tester} />
    ${open && html`<${StationForm} row=${open.row} read=${() => readStation(open.row.id)} onClose=${close} />`}
  </div>`;
}

/** What an order could not be sent with, because no station takes it. */
function Nowhere() {
  if (!unrouted.value.length) return null;
  return html`<div class="notice bad" role="alert" data-unrouted>
    <p><strong>No station takes ${unrouted.value.map((one) => plain(one.name)).join(", ")}.</strong>
      It cannot be sent to the kitchen. Open its station again, or give one a route for it.</p></div>`;
}

function Station({ station, onOpen }) {
  const fallback = stations.value.find((one) => one.id === station.fallback_station_id);
  const takes = routeWords(station);
  return html`<div class="house-row" data-station=${station.name}>
    <div class="about"><strong><bdi>${plain(station.name)}</bdi></strong>
      ${station.is_default && html`<span class="badge">Takes the rest</span>`}
      ${station.closed && html`<span class="badge bad">Closed</span>`}
      <small class="quiet">${takes.length ? takes.join(" · ") : station.is_default ? "What no other station takes" : "Nothing yet: it gets no lines"}</small>
      <small class="quiet">Ready in ${targetWords(station.target_seconds ?? station.target_minutes * 60)}${fallback ? html` · falls back on <bdi>${plain(fallback.name)}</bdi>` : ""}</small>
    </div>
    ${onOpen && html`<button aria-label=${`Change ${plain(station.name)}`} onClick=${onOpen}>Change</button>`}
  </div>`;
}
