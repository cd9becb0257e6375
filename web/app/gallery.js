// Every part that the pages are built of, in each of its states, with no server behind it.
import { Problem } from "./problem.js";
import {
  AmountField,
  ApprovalDialog,
  connectionWords,
  Dialog,
  FloorTile,
  KeysHelp,
  Keypad,
  MoneyPad,
  NumberField,
  PriceField,
  Refusal,
  Segmented,
  SortedList,
  StateTile,
  Stepper,
  toast,
  Toasts,
  toastUndo,
  WeekHours,
} from "./ui.js";
import { money } from "./money.js";
import { html, render, useState } from "./view.js";

const pounds = (minor) => money(minor, "GBP");
const TYPES = [
  { value: "eat_in", label: "Eat in" },
  { value: "takeaway", label: "Takeaway" },
];
const REFUSED = { words: "That is you. Somebody else has to approve it.", about: "approver-email", at: 0 };
const STATUSES = [
  { phase: "open", live: true, code: 0, at: 0 },
  { phase: "open", live: false, code: 0, at: 0 },
  { phase: "connecting", live: false, code: 0, at: 0 },
  { phase: "waiting", live: false, code: 0, at: 9_000 },
  { phase: "stopped", live: false, code: 4502, at: 0 },
];

const Part = ({ name, wide = false, children }) =>
  html`<section class="part" data-part=${name}><h2>${name}</h2><div class="states ${wide ? "wide" : ""}">${children}</div></section>`;
const State = ({ name, children }) => html`<div class="state" data-state=${name}><small>${name}</small>${children}</div>`;

/** A part whose value lives here. */
function Live({ start, of }) {
  const [value, setValue] = useState(start);
  return of(value, setValue);
}

function Buttons() {
  return html`<${Part} name="Button">
    <${State} name="main"><button class="primary big">Pay £65.30</button><//>
    <${State} name="main, not now"><button class="primary big" disabled>Pay</button><//>
    <${State} name="plain"><button>Details</button><//>
    <${State} name="quiet"><button class="ghost">Clear</button><//>
    <${State} name="for good"><button class="danger big">Close with £134.50</button><//>
    <${State} name="in a sentence"><p>Cash goes into an open till. <button class="link">Open a till</button></p><//>
  <//>`;
}

function Amounts() {
  const pad = (value, setValue, more = {}) =>
    html`<${MoneyPad} label="Given" name="given" value=${value} onChange=${setValue} currency="GBP" ...${more} />`;
  const quick = [2000, 5000].map((minor) => ({ label: pounds(minor), minor }));
  return html`
    <${Part} name="Money pad" wide>
      <${State} name="empty"><${Live} start=${null} of=${(value, set) => pad(value, set, { quick })} /><//>
      <${State} name="typed, at most £100.00"><${Live} start=${1250} of=${(value, set) => pad(value, set, { max: 10_000, quick })} /><//>
      <${State} name="while it is sent"><${Live} start=${1250} of=${(value, set) => pad(value, set, { disabled: true })} /><//>
    <//>
    <${Part} name="Amount field">
      <${State} name="one line"><${Live} start=${3} of=${(value, set) =>
        html`<${AmountField} compact label="Pieces of £20.00" name="pieces" value=${value} onChange=${set} max=${99_999} format=${String} />`} /><//>
      <${State} name="empty, one line"><${Live} start=${null} of=${(value, set) =>
        html`<${AmountField} compact label="Pieces of £0.50" name="pieces" value=${value} onChange=${set} max=${99_999} format=${String} placeholder="–" />`} /><//>
    <//>
    <${Part} name="Keypad"><${State} name="ready"><${Keypad} onKey=${() => {}} /><//><${State} name="not now"><${Keypad} disabled onKey=${() => {}} /><//><//>`;
}

function Choices() {
  return html`<${Part} name="Choice">
    <${State} name="of two"><${Live} start="eat_in" of=${(value, set) =>
      html`<${Segmented} label="Order type" value=${value} options=${TYPES} onChange=${set} />`} /><//>
    <${State} name="a number"><${Live} start=${1} of=${(value, set) => html`<${Stepper} value=${value} onChange=${set} />`} /><//>
    <${State} name="a number, small, at its most"><${Live} start=${2} of=${(value, set) =>
      html`<${Stepper} small value=${value} min=${0} max=${2} onChange=${set} label="Vanilla" />`} /><//>
  <//>`;
}

const CONTAINS = ["no", "contains", "may contain"].map((value) => ({ value, label: value }));
const HOURS = { weekdays: [0, 1, 2, 3, 4], from_minutes: 1020, until_minutes: 1140 };

function Fields() {
  const price = (value, set, more = {}) =>
    html`<${PriceField} label="Price" name="price" value=${value} onChange=${set} currency="GBP" ...${more} />`;
  return html`
    <${Part} name="Price field">
      <${State} name="set"><${Live} start=${1450} of=${(value, set) => price(value, set)} /><//>
      <${State} name="empty, refused"><${Live} start=${null} of=${(value, set) => price(value, set, { fault: "Set a price." })} /><//>
      <${State} name="may be taken off"><${Live} start=${-70} of=${(value, set) => price(value, set, { signed: true })} /><//>
    <//>
    <${Part} name="Tile with states">
      ${CONTAINS.map(
        ({ value: start }) => html`<${State} key=${start} name=${start}><${Live} start=${start} of=${(value, set) =>
          html`<${StateTile} label="milk" states=${CONTAINS} value=${value} onChange=${set} />`} /><//>`,
      )}
    <//>
    <${Part} name="Hours of the week">
      <${State} name="some days"><${Live} start=${HOURS} of=${(value, set) => html`<${WeekHours} label="Hours" value=${value} onChange=${set} />`} /><//>
      <${State} name="every day, over midnight"><${Live} start=${{ weekdays: [], from_minutes: 1320, until_minutes: 120 }} of=${(value, set) =>
        html`<${WeekHours} label="Hours" value=${value} onChange=${set} />`} /><//>
    <//>
    <${Part} name="List to put in order">
      <${State} name="by its grips, or by arrow keys on them"><${Live} start=${PLACES} of=${(value, set) => Ordered(value, set)} /><//>
      <${State} name="only shown"><${Live} start=${PLACES} of=${(value, set) => Ordered(value, set, { disabled: true })} /><//>
    <//>`;
}

const PLACES = [
  { id: "1", name: "Grill" },
  { id: "2", name: "Bar" },
  { id: "3", name: "Cold" },
];

function Ordered(items, setItems, more = {}) {
  const order = (ids) => setItems(ids.map((id) => items.find((one) => one.id === id)));
  return html`<${SortedList} label="Stations" items=${items} nameOf=${(one) => one.name} onOrder=${order} ...${more}
    row=${(one) => html`<div class="house-row"><strong>${one.name}</strong></div>`} />`;
}

function Forms() {
  const seats = (value, setValue, more = {}) =>
    html`<${NumberField} label="Seats" name="seats" value=${value} min=${1} max=${100} onChange=${setValue} ...${more} />`;
  return html`
    <${Part} name="Whole number">
      <${State} name="typed"><${Live} start=${4} of=${(value, set) => seats(value, set)} /><//>
      <${State} name="with a unit"><${Live} start=${180} of=${(value, set) => seats(value, set, { label: "Beef", unit: "g", max: 1_000_000 })} /><//>
      <${State} name="too many"><${Live} start=${400} of=${(value, set) => seats(value, set)} /><//>
      <${State} name="not now"><${Live} start=${4} of=${(value, set) => seats(value, set, { disabled: true })} /><//>
    <//>`;
}

const SEATED = { seats: 4, x: 500, y: 500, covers: null, reservation: null, state: "free" };
const EXPECTED = { name: "Ada", from: "2026-11-27T19:30:00Z", minutes: 90 };
const DRAWN = [
  { ...SEATED, name: "4", shape: "round" },
  { ...SEATED, name: "5", shape: "square", state: "occupied", covers: 3 },
  { ...SEATED, name: "6", shape: "square", state: "paying", covers: 2 },
  { ...SEATED, name: "7", shape: "rectangle", state: "reserved", reservation: EXPECTED },
  { ...SEATED, name: "8", shape: "rectangle", state: "dirty" },
];

function Floor() {
  return html`<${Part} name="Table">
    ${DRAWN.map(
      (table) => html`<${State} key=${table.name} name=${table.state}>
        <div class="plan one"><${FloorTile} table=${table} due=${table.covers ? 2940 : 0} currency="GBP" timeZone="Europe/London" /></div><//>`,
    )}
  <//>`;
}

function Words() {
  const refused = new Problem(409, { code: "half_paid_orders" });
  return html`<${Part} name="Words of state">
    <${State} name="a refusal"><${Refusal} problem=${refused}><button class="link">Order 12: £2.00 due</button><//><//>
    <${State} name="notices"><p class="notice">Plain</p><p class="notice good">Good</p><p class="notice warn">Look</p><//>
    <${State} name="the connection">${STATUSES.map((status) => {
      const words = connectionWords(status, 0);
      return html`<span class="connection ${words.tone}" key=${words.text}><i class="dot"></i>${words.text}</span>`;
    })}<//>
    <${State} name="nothing there"><p class="empty">No open orders. Everything is served and paid.</p><//>
  <//>`;
}

function Openers({ open }) {
  return html`<${Part} name="Toast and dialog">
    <${State} name="toast"><button onClick=${() => toast("Order 7 is on its way", { tone: "good" })}>Good news</button><//>
    <${State} name="toast, bad"><button onClick=${() => toast("The server is busy for a moment.", { tone: "bad" })}>Bad news</button><//>
    <${State} name="toast with undo"><button onClick=${() => toastUndo("3 lines removed", () => toast("They are back"))}>Clear</button><//>
    <${State} name="dialog"><button onClick=${() => open("dialog")}>Ask something</button><//>
    <${State} name="somebody else approves"><button onClick=${() => open("approval")}>Approve</button><//>
    <${State} name="nobody may approve"><button onClick=${() => open("refused")}>You again</button><//>
    <${State} name="keys"><button onClick=${() => open("keys")}>Keys</button><//>
  <//>`;
}

function Page() {
  const [shown, setShown] = useState("");
  const close = () => setShown("");
  return html`<main class="gallery">
    <h1>Parts of the pages</h1>
    <${Buttons} /><${Amounts} /><${Choices} /><${Fields} /><${Forms} /><${Floor} /><${Words} /><${Openers} open=${setShown} />
    ${
      shown === "dialog" &&
      html`<${Dialog} title="Paid out" name="sample" onClose=${close}>
      <form class="stack" onSubmit=${(event) => (event.preventDefault(), close())}>
        <label class="field">Reason <input name="reason" maxlength="200" /></label>
        <button type="button" onClick=${() => toast("Said in front of the dialog", { tone: "bad" })}>Say something</button>
        <button class="primary big">Record</button>
      </form>
    <//>`
    }
    ${
      ["approval", "refused"].includes(shown) &&
      html`<${ApprovalDialog} asksReason why="Paying out £80.00 is above what you may do alone (£50.00)." onApprove=${close}
        onCancel=${close} said=${shown === "refused" ? REFUSED : null} />`
    }
    ${shown === "keys" && html`<${KeysHelp} keys=${[["?", "This list"]]} onClose=${close} />`}
    <${Toasts} />
  </main>`;
}

render(html`<${Page} />`, document.getElementById("page"));
