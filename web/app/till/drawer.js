// The drawer: open it with a float, cash that moves without a sale, X report, count and close.
import { get } from "../api.js";
import { dateTime } from "../clock.js";
import { money, NOTES_MINOR } from "../money.js";
import { currency, may, restaurant } from "../session.js";
import { plain } from "../text.js";
import { Dialog, MoneyPad, Refusal, toast } from "../ui.js";
import { html, useState } from "../view.js";
import { AMOUNT_MAX_MINOR } from "../ui/amount.js";
import { useCommand } from "./command.js";
import { knowsExpected, Movements } from "./movements.js";
import { chooseDrawer, closeDialog, dialog, drawer, learnSession, openSessions } from "./shop.js";

const MOVES = {
  paid_in: { label: "Paid in", doing: "Paying in", about: "Cash put in without a sale: change from the bank." },
  paid_out: { label: "Paid out", doing: "Paying out", about: "Cash taken out for an expense: milk, a taxi." },
  drop: { label: "Drop to safe", doing: "Dropping", about: "Notes that go into the safe." },
};

export function Drawer() {
  const mine = drawer.value;
  const [opening, setOpening] = useState(false);
  const others = openSessions.value.filter((session) => session !== mine);
  return html`<section class="drawer" aria-label="Till">
    ${mine && html`<${Mine} session=${mine} onOther=${() => setOpening(true)} /><${Movements} key=${mine.id} session=${mine} />`}
    ${(!mine || opening) && html`<${OpenTill} onOpen=${() => setOpening(false)} />`}
    ${
      others.length > 0 &&
      html`<div class="panel stack">
      <h2>${mine ? "Other open tills" : "Or work with an open till"}</h2>
      ${others.map(
        (session) => html`<button class="choice" key=${session.id} onClick=${() => chooseDrawer(session.id)}>
          <bdi>${plain(session.till)}</bdi><small>opened ${dateTime(session.opened_at, restaurant.value.timezone)}</small>
        </button>`,
      )}
    </div>`
    }
    ${may("reports.read") && html`<${ZReports} />`}
  </section>`;
}

function OpenTill({ onOpen }) {
  const [till, setTill] = useState("Front");
  const [float, setFloat] = useState(null);
  const { run, busy, problem } = useCommand();
  const open = async (event) => {
    event.preventDefault();
    if (float === null) return;
    const session = await run("/till-sessions", { till: till.trim(), opening_float_minor: float });
    if (!session) return;
    learnSession(session);
    chooseDrawer(session.id);
    onOpen();
    toast(`Till ${plain(session.till)} is open`, { tone: "good" });
  };
  return html`<form class="panel stack" onSubmit=${open}>
    <h2>Open the till</h2>
    <label class="field">Till <input name="till" required maxlength="60" value=${till} onInput=${(event) => setTill(event.target.value)} /></label>
    <${MoneyPad} label="Float in the drawer" name="float" value=${float} onChange=${setFloat} currency=${currency.value}
      quick=${notesOnTop(float, setFloat)} disabled=${busy} />
    <${Refusal} problem=${problem} />
    <button class="primary big" disabled=${busy || float === null || !till.trim()}>Open till</button>
  </form>`;
}

function Mine({ session, onOther }) {
  const { run, busy, problem } = useCommand();
  const noSale = async () => {
    const answer = await run(`/till-sessions/${session.id}/drawer-events`, { kind: "no_sale", amount_minor: 0 }, "Opening the drawer");
    if (answer) {
      learnSession(answer);
      toast("Drawer opened without a sale");
    }
  };
  return html`<div class="panel stack">
    <h2>Till <bdi>${plain(session.till)}</bdi></h2>
    <p class="quiet">Open since ${dateTime(session.opened_at, restaurant.value.timezone)}
      ${session.opened_by?.name ? ` by ${plain(session.opened_by.name)}` : ""}, float ${money(session.opening_float_minor, session.currency || currency.value)}</p>
    <div class="tiles">
      ${Object.entries(MOVES).map(
        ([kind, move]) =>
          html`<button key=${kind} onClick=${() => (dialog.value = { name: "move", kind })}>${move.label}</button>`,
      )}
      <button disabled=${busy} onClick=${noSale}>Open drawer</button>
      ${knowsExpected() && html`<button onClick=${() => (dialog.value = { name: "x", id: session.id })}>X report</button>`}
      <button class="danger" onClick=${() => (dialog.value = { name: "close", id: session.id })}>Count and close</button>
    </div>
    <${Refusal} problem=${problem} />
    <button class="link" onClick=${onOther}>Open another till</button>
  </div>`;
}

export function Move({ kind }) {
  const [amount, setAmount] = useState(null);
  const [reason, setReason] = useState("");
  const { run, busy, problem } = useCommand();
  const record = async (event) => {
    event.preventDefault();
    if (!amount) return;
    const body = { kind, amount_minor: amount, ...(reason.trim() ? { reason: reason.trim() } : {}) };
    const what = `${MOVES[kind].doing} ${money(amount, currency.value)}`;
    const answer = await run(`/till-sessions/${drawer.value.id}/drawer-events`, body, what);
    if (!answer) return;
    learnSession(answer);
    toast(`${MOVES[kind].label}: ${money(amount, currency.value)}`, { tone: "good" });
    closeDialog();
  };
  return html`<${Dialog} title=${MOVES[kind].label} name="move" wide onClose=${closeDialog}>
    <form class="stack" onSubmit=${record}>
      <p class="quiet">${MOVES[kind].about}</p>
      <${MoneyPad} label="Amount" name="amount" value=${amount} onChange=${setAmount} currency=${currency.value}
        quick=${notesOnTop(amount, setAmount)} disabled=${busy} focus>
        <label class="field">Reason <input name="reason" maxlength="200" value=${reason} onInput=${(event) => setReason(event.target.value)} /></label>
      <//>
      <${Refusal} problem=${problem} />
      <button class="primary big" disabled=${busy || !amount}>Record ${amount ? money(amount, currency.value) : ""}</button>
    </form>
  <//>`;
}

/** A bundle of notes is counted by pressing each. */
function notesOnTop(amount, setAmount) {
  const put = (minor) => setAmount(Math.min(AMOUNT_MAX_MINOR, (amount ?? 0) + minor));
  return NOTES_MINOR.map((minor) => ({ label: `+ ${money(minor, currency.value)}`, minor, run: put }));
}

function ZReports() {
  const [found, setFound] = useState(null);
  const [problem, setProblem] = useState(null);
  const load = () => get("/z-reports?limit=10").then((page) => setFound(page.items), setProblem);
  return html`<div class="panel stack">
    <h2>Z reports</h2>
    ${!found && html`<button onClick=${load}>Show the latest</button>`}
    <${Refusal} problem=${problem} />
    ${found?.length === 0 && html`<p class="quiet">No till has been closed yet.</p>`}
    ${(found || []).map(
      (
        report,
      ) => html`<button class="choice" key=${report.number} onClick=${() => (dialog.value = { name: "z", report })}>
        Z ${report.number} · <bdi>${plain(report.till)}</bdi><small>${report.business_date} · ${money(report.net_minor, report.currency)}</small>
      </button>`,
    )}
  </div>`;
}
