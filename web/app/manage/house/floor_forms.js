// The forms of the floor: a section, a table, several tables at once.
import { command } from "../../api.js";
import { newId } from "../../ids.js";
import { count, plain } from "../../text.js";
import { Dialog, NumberField, Refusal, Segmented, Stepper, toast } from "../../ui.js";
import { SHAPES } from "../../ui/floor_tile.js";
import { html, useState } from "../../view.js";
import { freePlace, readTable, TABLE_FIELDS } from "./drawing.js";
import { all, sections, tables } from "./known.js";
import { Remove } from "./removing.js";
import { useAct, useForm } from "./saving.js";

const NAME_MAX = 40;
const SEATS_MAX = 100;
const SEVERAL_MAX = 20;
const shapes = Object.entries(SHAPES).map(([value, label]) => ({ value, label }));
const tablesIn = (section) => Object.values(tables.value).filter((table) => table.section_id === section.id);

/** The lowest number from which on nothing is called so. */
function nextNumber() {
  const taken = Object.values(tables.value).map((table) => Number(table.name)).filter(Number.isInteger);
  return Math.max(0, ...taken) + 1;
}

export function SectionForm({ row, onClose, onSaved }) {
  const read = async () => (await all("/floor/sections")).find((one) => one.id === row.id);
  const last = Math.max(-1, ...sections.value.map((one) => one.position));
  const { draft, set, busy, submit, refusal } = useForm({
    row,
    fresh: { name: "", position: last + 1 },
    fields: ["name", "position"],
    add: "/floor/sections",
    at: `/floor/sections/${row?.id}`,
    read,
    done: (saved) => {
      onSaved(saved);
      onClose();
    },
  });
  const inside = row ? tablesIn(row).length : 0;
  return html`<${Dialog} title=${row ? `Section ${plain(row.name)}` : "Add a section"} name="section" onClose=${onClose}>
    <form class="stack" onSubmit=${submit}>
      <label class="field">Name <input name="section-name" required maxlength=${NAME_MAX} value=${draft.name} data-focus placeholder="Terrace"
        onInput=${(event) => set("name")(event.target.value)} /></label>
      <div class="field">Place in the row of sections
        <${Stepper} value=${draft.position + 1} min=${1} max=${1001} label="place" onChange=${(place) => set("position")(place - 1)} /></div>
      ${refusal}
      <button class="primary big" disabled=${busy || !draft.name.trim()}>${row ? "Save" : "Add it"}</button>
    </form>
    ${row && html`<${Remove} path=${`/floor/sections/${row.id}`} name=${row.name} done=${onClose}
      why=${inside ? `It can be removed once it is empty: ${count(inside, "table")} in it.` : ""} />`}
  <//>`;
}

/** Why a table cannot be removed now; "" where it can. */
function keeps(table) {
  const now = tables.value[table.id] || table;
  if (now.order_ids.length) return `${count(now.order_ids.length, "order")} open at it: it can be removed when they are done.`;
  if (now.reservation) return `${plain(now.reservation.name)} is expected at it: cancel the reservation at the till first.`;
  return "";
}

export function TableForm({ row, section, onClose }) {
  const { draft, set, busy, submit, refusal } = useForm({
    row,
    fresh: { name: String(nextNumber()), section_id: section.id, seats: 4, shape: "square", ...freePlace(tablesIn(section)) },
    fields: TABLE_FIELDS,
    add: "/floor/tables",
    at: `/floor/tables/${row?.id}`,
    read: () => readTable(row.id),
    done: onClose,
  });
  return html`<${Dialog} title=${row ? `Table ${plain(row.name)}` : "Add a table"} name="table-form" onClose=${onClose}>
    <form class="stack" onSubmit=${submit}>
      <label class="field">Name or number <input name="table-name" required maxlength=${NAME_MAX} value=${draft.name} data-focus
        onInput=${(event) => set("name")(event.target.value)} /></label>
      <${NumberField} label="Seats" name="seats" value=${draft.seats} min=${1} max=${SEATS_MAX} onChange=${set("seats")} />
      <div class="field">Shape <${Segmented} label="Shape" value=${draft.shape} options=${shapes} onChange=${set("shape")} /></div>
      <label class="field">Section <select name="section" value=${draft.section_id} onChange=${(event) => set("section_id")(event.target.value)}>
        ${sections.value.map((one) => html`<option key=${one.id} value=${one.id}>${plain(one.name)}</option>`)}</select></label>
      ${refusal}
      <button class="primary big" disabled=${busy || !draft.name.trim()}>${row ? "Save" : "Add it"}</button>
    </form>
    ${row && html`<${Remove} path=${`/floor/tables/${row.id}`} name=${`Table ${row.name}`} why=${keeps(row)} done=${onClose} />`}
  <//>`;
}

/** So many tables, numbered on, each where nothing stands. What is there when one is refused stays. */
export function FewTables({ section, onClose }) {
  const [number, setNumber] = useState(4);
  const [first, setFirst] = useState(nextNumber());
  const [seats, setSeats] = useState(4);
  const [shape, setShape] = useState("square");
  const [made, setMade] = useState([]);
  const { run, busy, problem } = useAct();
  const add = async (event) => {
    event.preventDefault();
    const done = [...made];
    const ready = await run(async () => {
      while (done.length < number) {
        const name = String(first + done.length);
        const body = { name, section_id: section.id, seats, shape, ...freePlace([...tablesIn(section), ...done]) };
        done.push(await command("/floor/tables", body, { key: newId() }));
        setMade([...done]);
      }
    });
    if (!ready) return;
    toast(`${count(done.length, "table")} added to ${plain(section.name)}`, { tone: "good" });
    onClose();
  };
  const left = number - made.length;
  return html`<${Dialog} title=${`Add tables to ${plain(section.name)}`} name="few" onClose=${onClose}>
    <form class="stack" onSubmit=${add}>
      <div class="field">How many <${Stepper} value=${number} min=${Math.max(1, made.length + 1)} max=${SEVERAL_MAX} label="table" onChange=${setNumber} /></div>
      <${NumberField} label="The first is number" name="first" value=${first} min=${1} max=${9999} onChange=${setFirst} focus disabled=${made.length > 0} />
      <${NumberField} label="Seats of each" name="seats" value=${seats} min=${1} max=${SEATS_MAX} onChange=${setSeats} />
      <div class="field">Shape <${Segmented} label="Shape" value=${shape} options=${shapes} onChange=${setShape} /></div>
      ${made.length > 0 && html`<p class="notice" role="status">Added so far: ${made.map((one) => plain(one.name)).join(", ")}.</p>`}
      <${Refusal} problem=${problem} />
      <button class="primary big" disabled=${busy || !first || !seats}>${busy ? "Adding…" : `Add ${count(left, "table")}`}</button>
    </form>
  <//>`;
}
