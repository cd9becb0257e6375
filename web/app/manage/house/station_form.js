// One station: what it is called, how long a ticket may take there, what it gets, and who takes over.
import { plain } from "../../text.js";
import { Dialog, NumberField } from "../../ui.js";
import { html, useState } from "../../view.js";
import { stations } from "./known.js";
import { Remove } from "./removing.js";
import { NO_ROUTE, RouteForm, routeWords } from "./routes.js";
import { useForm } from "./saving.js";

const NAME_MAX = 60;
const MINUTES_MAX = 240;
const MINUTE = 60;
export const STATION_FIELDS = ["name", "position", "category_ids", "is_default", "target_seconds", "routes", "fallback_station_id", "closed"];
const NEW_TARGET_SECONDS = 15 * MINUTE;

const isCategoryAlone = (route) =>
  JSON.stringify({ ...route, category_id: null }) === JSON.stringify(NO_ROUTE) && route.category_id !== null;

export function StationForm({ row, read, onClose }) {
  const last = Math.max(-1, ...stations.value.map((one) => one.position));
  const fresh = {
    name: "",
    position: last + 1,
    category_ids: [],
    is_default: stations.value.length === 0,
    target_seconds: NEW_TARGET_SECONDS,
    routes: [],
    fallback_station_id: null,
    closed: false,
  };
  const { draft, set, busy, submit, refusal } = useForm({
    row: row && { ...row, target_seconds: row.target_seconds ?? row.target_minutes * MINUTE },
    fresh,
    fields: STATION_FIELDS,
    add: "/kitchen/stations",
    at: `/kitchen/stations/${row?.id}`,
    read,
    done: onClose,
  });
  const [adding, setAdding] = useState(false);
  const addRoute = (route) => {
    setAdding(false);
    if (!isCategoryAlone(route)) set("routes")([...draft.routes, route]);
    else if (!draft.category_ids.includes(route.category_id)) set("category_ids")([...draft.category_ids, route.category_id]);
  };
  const drop = (index) => () => {
    const { length } = draft.category_ids;
    if (index < length) set("category_ids")(draft.category_ids.filter((_, at) => at !== index));
    else set("routes")(draft.routes.filter((_, at) => at !== index - length));
  };
  if (adding) return html`<${RouteForm} onAdd=${addRoute} onClose=${() => setAdding(false)} />`;
  const others = stations.value.filter((one) => one.id !== row?.id);
  return html`<${Dialog} title=${row ? plain(row.name) : "Add a station"} name="station" onClose=${onClose}>
    <form class="stack" onSubmit=${submit}>
      <label class="field">Name <input name="station-name" required maxlength=${NAME_MAX} value=${draft.name} data-focus placeholder="Bar"
        onInput=${(event) => set("name")(event.target.value)} /></label>
      <${Target} seconds=${draft.target_seconds} onChange=${set("target_seconds")} />
      <${Takes} draft=${draft} onDrop=${drop} onAdd=${() => setAdding(true)} />
      <label class="tick"><input type="checkbox" name="default" checked=${draft.is_default} disabled=${Boolean(row?.is_default)} onChange=${(event) => set("is_default")(event.target.checked)} />
        <span>It takes what no other station takes${row?.is_default ? " (give this to another station to change it)" : ""}</span></label>
      <label class="tick"><input type="checkbox" name="closed" checked=${draft.closed} onChange=${(event) => set("closed")(event.target.checked)} />
        <span>Closed: it gets no new lines</span></label>
      <label class="field">Who takes over while it is closed, or when no display of it answers
        <select name="fallback" value=${draft.fallback_station_id ?? ""} onChange=${(event) => set("fallback_station_id")(event.target.value || null)}>
          <option value="">Nobody</option>
          ${others.map((one) => html`<option key=${one.id} value=${one.id}>${plain(one.name)}</option>`)}</select></label>
      ${draft.closed && !draft.fallback_station_id && html`<p class="notice warn" role="status">Closed and without anybody who takes over: what it would get cannot be sent to the kitchen.</p>`}
      ${refusal}
      <button class="primary big" disabled=${busy || !draft.name.trim() || draft.target_seconds === null}>${row ? "Save" : "Add it"}</button>
    </form>
    ${
      row &&
      html`<${Remove} path=${`/kitchen/stations/${row.id}`} name=${row.name} done=${onClose} after="Its tickets of the past stay."
      why=${row.is_default ? "It takes what no other does, so it stays. Give that to another station first." : ""} />`
    }
  <//>`;
}

/** In which time a ticket should be ready; null while a field is empty. */
function Target({ seconds, onChange }) {
  const [parts, setParts] = useState([Math.floor(seconds / MINUTE), seconds % MINUTE]);
  const change = (index) => (value) => {
    const next = parts.map((one, at) => (at === index ? value : one));
    setParts(next);
    onChange(next.includes(null) ? null : next[0] * MINUTE + next[1]);
  };
  return html`<div class="two">
    <${NumberField} label="Ready in" name="minutes" unit="min" value=${parts[0]} min=${0} max=${MINUTES_MAX} onChange=${change(0)} />
    <${NumberField} label="and" name="seconds" unit="s" value=${parts[1]} min=${0} max=${parts[0] === MINUTES_MAX ? 0 : 59} onChange=${change(1)} /></div>`;
}

function Takes({ draft, onDrop, onAdd }) {
  const all = routeWords(draft);
  return html`<div class="field">It gets
    ${!all.length && html`<small class="quiet">${draft.is_default ? "What no other station takes." : "Nothing yet."}</small>`}
    <ul class="routes">${all.map(
      (one, index) => html`<li key=${one + index}><span><bdi>${one}</bdi></span>
        <button type="button" class="icon" aria-label=${`Not ${one}`} onClick=${onDrop(index)}>×</button></li>`,
    )}</ul>
    <button type="button" onClick=${onAdd}>Add what it gets</button></div>`;
}
