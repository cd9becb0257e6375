// Changing what others may change meanwhile: what they changed stays, unless it is the same field. Then people decide.
import { command } from "../../api.js";
import { newId } from "../../ids.js";
import { Problem } from "../../problem.js";
import { plain } from "../../text.js";
import { Refusal } from "../../ui.js";
import { html, useState } from "../../view.js";
import { learn } from "./known.js";

/** Somebody who is faster more often than this is at work there now. */
const TRIES_MAX = 5;
const STALE = 412;
const CLASH = "changed_meanwhile";
const NAMES = {
  is_default: "whether it takes the rest",
  category_ids: "its categories",
  item_ids: "its items",
  windows: "its hours",
  effective_from: "its first day",
  effective_until: "its last day",
  from_minutes: "the first time",
  until_minutes: "the last time",
  limited: "whether it is limited",
  limits: "the limits",
  fire_together: "whether dishes are ready together",
  routes: "its routes",
  target_seconds: "its time",
  fallback_station_id: "its fallback",
  fallback_id: "its fallback",
  section_id: "the section",
  station_id: "its station",
  supplier_id: "the supplier",
  takes: "the recipe",
  x: "its place",
  y: "its place",
};
const fieldName = (field) => NAMES[field] || field.replace("_minor", "").replaceAll("_", " ");

const equal = (a, b) => JSON.stringify(a ?? null) === JSON.stringify(b ?? null);

/** {body, clashes}: what `mine` changed of `base`, over `theirs`; `clashes` are fields that both changed, apart. */
export function merged(base, mine, theirs, fields) {
  const changed = fields.filter((field) => !equal(mine[field], base[field]));
  const clashes = changed.filter((field) => !equal(theirs[field], base[field]) && !equal(theirs[field], mine[field]));
  const body = Object.fromEntries(fields.map((field) => [field, (changed.includes(field) ? mine : theirs)[field]]));
  return { body, clashes };
}

/**
 * Saves `mine` to `path`, which was `base` when somebody began to change it. Where it has changed meanwhile, `read`
 * answers how it is now (undefined: it is gone), and what others changed stays. Throws Problem; with the code of a
 * clash its document has `theirs` and the `fields`.
 */
export async function change({ path, base, mine, fields, read }) {
  let theirs = base;
  for (let left = TRIES_MAX; ; left -= 1) {
    const { body, clashes } = merged(base, mine, theirs, fields);
    if (clashes.length) throw clash(theirs, clashes);
    try {
      return await command(path, body, { method: "PUT", seen: theirs.version });
    } catch (problem) {
      if (problem.status !== STALE || left === 0) throw problem;
      theirs = await read();
      if (!theirs) throw new Problem(404, { code: "gone_meanwhile", detail: "Somebody has removed it meanwhile." });
    }
  }
}

function clash(theirs, fields) {
  const words = [...new Set(fields.map(fieldName))].join(", ");
  const detail = `Somebody else has changed ${words} meanwhile.`;
  return new Problem(STALE, { code: CLASH, detail, theirs, fields });
}

/** Puts `rows`, each of which is at `${path}/${id}`, into the order of `ids`. `read(id)` answers one as it is. Throws Problem. */
export async function arrange({ rows, ids, path, fields, read }) {
  const byId = new Map(rows.map((one) => [one.id, one]));
  for (const [position, id] of ids.entries()) {
    const base = byId.get(id);
    if (!base || base.position === position) continue;
    // A place has no quarrel.
    const again = async () => {
      const now = await read(id);
      return now && { ...now, position: base.position };
    };
    learn(await change({ path: `${path}/${id}`, base, mine: { ...base, position }, fields, read: again }));
  }
}

/**
 * One command, once however often it is tapped: {run, busy, problem, forget}. `run(act, body)` answers what
 * `act(key)` does, or null where it was refused (then `problem` says why). The key stays until the command is answered or
 * refused, or until it is another one: `body` is what it says.
 */
export function useAct() {
  const [state, setState] = useState({ key: newId(), about: "", busy: false, problem: null });
  const run = async (act, body = null) => {
    if (state.busy) return null;
    const about = JSON.stringify(body);
    const key = about === state.about ? state.key : newId();
    setState({ key, about, busy: true, problem: null });
    try {
      const answer = await act(key);
      setState({ key: newId(), about: "", busy: false, problem: null });
      return answer ?? true;
    } catch (problem) {
      setState({ key: problem.passing ? key : newId(), about, busy: false, problem });
      return null;
    }
  };
  const forget = () => setState({ ...state, problem: null });
  return { ...state, run, forget };
}

/**
 * The form of a `row` that others may change, or of a new one (`fresh`): {draft, set, busy, submit, refusal}. A new one is
 * sent to `add`, a change to `at` (see `change`); `done(answer)` follows. `set(field)(value)` changes the draft.
 */
export function useForm({ row, fresh = {}, fields, add, at, read, done }) {
  const [base, setBase] = useState(row || null);
  const [draft, setDraft] = useState(row || fresh);
  const { run, busy, problem, forget } = useAct();
  const save = async (before) => {
    const mine = Object.fromEntries(fields.map((field) => [field, draft[field]]));
    const act = before
      ? () => change({ path: at, base: before, mine, fields, read })
      : (key) => command(add, mine, { key });
    const answer = await run(act, mine);
    if (!answer) return;
    learn(answer);
    done(answer);
  };
  const submit = (event) => {
    event.preventDefault();
    save(base);
  };
  const takeTheirs = (theirs) => {
    setBase(theirs);
    setDraft(theirs);
    forget();
  };
  const refusal = html`<${SaveRefusal} problem=${problem} onTheirs=${takeTheirs} onMine=${save} />`;
  const set = (field) => (value) => setDraft((before) => ({ ...before, [field]: value }));
  return { draft, set, busy, submit, refusal };
}

/** A refusal; of a clash with both ways on: `onTheirs(row)` shows what they made of it, `onMine(row)` saves over it. */
export function SaveRefusal({ problem, onTheirs, onMine }) {
  const theirs = problem?.code === CLASH ? problem.document.theirs : null;
  // What has a name of its own is no text that people know it by.
  const shown = (field) => (NAMES[field] || field.endsWith("_minor") ? "" : plain(`${fieldName(field)}: ${theirs[field]}`));
  return html`<${Refusal} problem=${problem}>
    ${
      theirs &&
      html`<p>${problem.document.fields.map(shown).filter(Boolean).join(" · ")}</p>
        <div class="row"><button type="button" class="link" onClick=${() => onTheirs(theirs)}>Take theirs</button>
          <button type="button" class="link" onClick=${() => onMine(theirs)}>Save mine over it</button></div>`
    }
  <//>`;
}
