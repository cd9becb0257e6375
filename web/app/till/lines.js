// The lines of an order that was taken: what each is, and what can still be done with it.
import { command } from "../api.js";
import { withSize } from "../choice.js";
import { newId } from "../ids.js";
import { delta, money } from "../money.js";
import { say } from "../problem.js";
import { may } from "../session.js";
import { plain, voidReasonName, voidReasons } from "../text.js";
import { Dialog, Refusal, Segmented, Stepper, toast, toastUndo } from "../ui.js";
import { html, useState } from "../view.js";
import { useCommand } from "./command.js";
import { dialog, learnOrder, orderOf } from "./shop.js";

const QUANTITY_MAX = 999;
const NOTE_MAX = 500;
const REASON_MAX = 200;
const SEATS_MAX = 200;
const COURSES = ["starter", "main", "dessert"];
const FIELDS = { quantity: "quantity", note: "note", seat: "seat", course: "course" };

const isFired = (line) => line.kitchen_state !== "held";
const courseName = (course) => (course ? plain(course)[0].toUpperCase() + plain(course).slice(1) : "None");

/** Why it was sold although it was not on sale, and who stands behind it. */
const overrideWords = ({ reason, by, approved_by: approved }) =>
  `Not on sale · ${plain(reason)} · ${plain((approved || by)?.name)}`;

/** One row of an order's bill. What can be changed is a button. */
export function BillLine({ order, line, currency, closed }) {
  const open = () => (dialog.value = { name: "line", id: order.id, line: line.id });
  const off = (line.voids || []).reduce((sum, one) => sum + one.quantity, 0);
  const { size, rest } = withSize(line.options);
  const what = html`<bdi>${plain(line.name)}</bdi>${size && html` · <bdi>${plain(size.name)}</bdi>`}
    ${rest.map((option) => html`<small key=${option.option_id} class=${option.parent_option_id ? "nested" : ""}>${plain(option.name)} ${delta(option.price_delta_minor, currency)}</small>`)}
    ${(line.seat || line.course) && html`<small>${[line.seat && `seat ${line.seat}`, line.course && plain(line.course)].filter(Boolean).join(" · ")}</small>`}
    ${line.note && html`<small class="note"><bdi>${plain(line.note)}</bdi></small>`}
    ${off > 0 && !line.voided && html`<small class="off">${off} voided</small>`}
    ${line.override && html`<small class="note">${overrideWords(line.override)}</small>`}
    ${line.moved_to && html`<small class="moved">now on order ${line.moved_to.order_number}</small>`}
    ${line.moved_from && !line.moved_to && html`<small class="moved">from order ${line.moved_from.order_number}</small>`}`;
  const changes = !closed && !line.voided && may("orders.place");
  return html`<tr class=${line.voided ? "voided" : ""} data-line=${line.id}>
    <td>${line.voided ? line.moved_to?.quantity || off : line.quantity} ×</td>
    <td>${changes ? html`<button type="button" class="bill-line" onClick=${open} aria-label=${`Change ${line.quantity} × ${plain(line.name)}`}>${what}</button>` : what}</td>
    <td>${money(line.gross_minor, currency)}</td>
  </tr>`;
}

/** `line`: the id of a line of the order `id`. */
export function LineDialog({ id, line: lineId }) {
  const order = orderOf(id);
  const line = order?.lines.find((one) => one.id === lineId);
  const [voiding, setVoiding] = useState(false);
  const back = () => (dialog.value = { name: "order", id });
  if (!line || line.voided) return null;
  return html`<${Dialog} title=${`${line.quantity} × ${plain(line.name)}`} name="line" onClose=${back}>
    ${
      voiding
        ? html`<${Voiding} order=${order} line=${line} onBack=${() => setVoiding(false)} onDone=${back} />`
        : html`<${Changing} order=${order} line=${line} onVoid=${() => setVoiding(true)} onDone=${back} />`
    }
  <//>`;
}

function Changing({ order, line, onVoid, onDone }) {
  // What was seen when the dialog opened: what others change meanwhile is compared with it.
  const [seen, setSeen] = useState(() => ({ version: order.version, ...fieldsOf(line) }));
  const [wanted, setWanted] = useState(seen);
  const [state, setState] = useState({ key: newId(), busy: false, problem: null });
  const changed = Object.keys(FIELDS).filter((name) => wanted[name] !== seen[name]);
  const set = (change) => setWanted({ ...wanted, ...change });
  const send = async (names, base) => {
    setState({ ...state, busy: true, problem: null });
    const body = { ...Object.fromEntries(names.map((name) => [name, wanted[name]])), base_version: base };
    try {
      learnOrder(await command(`/orders/${order.id}/lines/${line.id}`, body, { method: "PATCH", key: state.key }));
      onDone();
    } catch (problem) {
      setState({ key: problem.passing ? state.key : newId(), busy: false, problem });
    }
  };
  const save = (event) => {
    event.preventDefault();
    if (changed.length) send(changed, seen.version);
    else onDone();
  };
  const keepTheirs = (field) => {
    const now = orderOf(order.id);
    const theirs = fieldsOf(now.lines.find((one) => one.id === line.id) ?? line)[field];
    setSeen({ ...seen, [field]: theirs });
    setWanted({ ...wanted, [field]: theirs });
    setState({ ...state, problem: null });
  };
  const conflict = state.problem?.document.conflict;
  const fired = isFired(line);
  const courses = [...new Set(["", ...COURSES, seen.course, wanted.course])];
  return html`<form class="stack" onSubmit=${save}>
    <div class="row spread"><span>How many${fired ? " (fewer: void)" : ""}</span>
      <${Stepper} value=${wanted.quantity} min=${fired ? seen.quantity : 1} max=${QUANTITY_MAX} label=${plain(line.name)}
        onChange=${(quantity) => set({ quantity })} /></div>
    <label class="field">Note for the kitchen
      <input name="note" maxlength=${NOTE_MAX} value=${wanted.note} data-focus placeholder="No onions, sauce aside…"
        onInput=${(event) => set({ note: event.target.value })} /></label>
    <div class="row spread"><span>Seat ${wanted.seat === 0 ? html`<span class="quiet">(none)</span>` : ""}</span>
      <${Stepper} value=${wanted.seat} min=${0} max=${SEATS_MAX} label="seat" onChange=${(seat) => set({ seat })} /></div>
    <${Segmented} label="Course" value=${wanted.course} options=${courses.map((value) => ({ value, label: courseName(value) }))}
      onChange=${(course) => set({ course })} />
    ${
      conflict
        ? html`<${Conflict} conflict=${conflict} busy=${state.busy} onTheirs=${() => keepTheirs(conflict.field)}
            onMine=${() => send(changed, orderOf(order.id).version)} />`
        : html`<${Refusal} problem=${state.problem} />`
    }
    <div class="row spread">
      <button type="button" class="ghost danger" disabled=${state.busy} onClick=${onVoid}>Void…</button>
      <button class="primary big" disabled=${state.busy || !changed.length || Boolean(conflict)}>Save</button>
    </div>
  </form>`;
}

const fieldsOf = ({ quantity, note, seat, course }) => ({ quantity, note: note || "", seat: seat || 0, course: course || "" });

/** Both values of a field that somebody else has changed: one of them is chosen, none is lost. */
function Conflict({ conflict, busy, onTheirs, onMine }) {
  const shown = (value) => (value === "" || (conflict.field === "seat" && value === "0") ? "none" : plain(value));
  return html`<div class="notice warn stack conflict" role="alert">
    <p>Somebody changed the ${FIELDS[conflict.field]} meanwhile.</p>
    <div class="row spread">
      <button type="button" disabled=${busy} onClick=${onTheirs}>Keep theirs: <bdi>${shown(conflict.theirs)}</bdi></button>
      <button type="button" disabled=${busy} onClick=${onMine}>Use mine: <bdi>${shown(conflict.yours)}</bdi></button>
    </div>
  </div>`;
}

function Voiding({ order, line, onBack, onDone }) {
  const [quantity, setQuantity] = useState(line.quantity);
  const [reason, setReason] = useState("");
  const { run, busy, problem } = useCommand();
  const units = Math.min(quantity, line.quantity);
  const fired = isFired(line);
  const words = `${units} × ${plain(line.name)}`;
  const finish = async (event) => {
    event.preventDefault();
    const body = { quantity: units, reason: reason.trim() };
    const done = await run(`/orders/${order.id}/lines/${line.id}/void`, body, `Voiding ${words}`);
    if (!done) return;
    learnOrder(done);
    if (fired) toast(`${words} voided: the kitchen is told`);
    else toastUndo(`${words} voided`, () => addAgain(done, line, units));
    onDone();
  };
  return html`<form class="stack" onSubmit=${finish}>
    <p class="quiet">${fired ? "The kitchen has it: it is told to stop, and a manager approves the void." : "The kitchen does not have it yet."}</p>
    <div class="row spread"><span>How many are off</span>
      <${Stepper} value=${units} max=${line.quantity} label=${plain(line.name)} onChange=${setQuantity} /></div>
    <div class="reasons" role="group" aria-label="Why">
      ${voidReasons.map(
        (code) => html`<button type="button" key=${code} class="option" aria-pressed=${reason === code} onClick=${() => setReason(code)}>${voidReasonName(code)}</button>`,
      )}
    </div>
    <label class="field">or in other words
      <input name="reason" maxlength=${REASON_MAX} value=${voidReasons.includes(reason) ? "" : reason}
        onInput=${(event) => setReason(event.target.value)} /></label>
    <${Refusal} problem=${problem} />
    <div class="row spread">
      <button type="button" class="ghost" onClick=${onBack}>Keep it</button>
      <button class="danger big" disabled=${busy || !reason.trim()}>Void ${words}</button>
    </div>
  </form>`;
}

/** Takes a void back while the kitchen knows of nothing. */
async function addAgain(order, { id, item_id, options, note, seat, course, hold }, quantity) {
  const left = order.lines.find((one) => one.id === id);
  try {
    if (left && !left.voided) {
      const body = { quantity: left.quantity + quantity, base_version: order.version };
      learnOrder(await command(`/orders/${order.id}/lines/${id}`, body, { method: "PATCH" }));
    } else {
      const line = wantedAgain({ item_id, quantity, options, note, seat, course, hold });
      learnOrder(await command(`/orders/${order.id}/lines`, { lines: [line] }));
    }
  } catch (problem) {
    toast(`It stays voided: ${say(problem)}`, { tone: "bad" });
  }
}

/** A line as it is ordered once more. */
export function wantedAgain({ item_id, quantity, options, note, seat, course, hold }) {
  return {
    id: newId(),
    item_id,
    quantity,
    options: options.map((option) => ({ option_id: option.option_id, quantity: option.quantity })),
    ...(note ? { note } : {}),
    ...(seat ? { seat } : {}),
    ...(course ? { course } : {}),
    ...(hold ? { hold } : {}),
  };
}
