// The drawer: open it with a float, cash that moves without a sale, X report, count and close.
import { command, get } from "../api.js";
import { dateTime } from "../clock.js";
import { newId } from "../ids.js";
import { DENOMINATIONS, money, parseMoney } from "../money.js";
import { say } from "../problem.js";
import { currency, may, restaurant } from "../session.js";
import { count, plain } from "../text.js";
import { Dialog, toast } from "../ui.js";
import { html, useState } from "../view.js";
import { chooseDrawer, closeDialog, dialog, drawer, learnSession, openSessions } from "./shop.js";

const MOVES = {
  paid_in: { label: "Paid in", about: "Cash put in without a sale: change from the bank." },
  paid_out: { label: "Paid out", about: "Cash taken out for an expense: milk, a taxi." },
  drop: { label: "Drop to safe", about: "Notes that go into the safe." },
};

/** Runs a command of a form: one key until it is answered or refused. {run, busy, problem}. */
function useCommand() {
  const [state, setState] = useState({ key: newId(), busy: false, problem: null });
  const run = async (path, body) => {
    setState({ ...state, busy: true, problem: null });
    try {
      const answer = await command(path, body, { key: state.key });
      setState({ key: newId(), busy: false, problem: null });
      return answer;
    } catch (problem) {
      setState({ key: problem.passing ? state.key : newId(), busy: false, problem });
      return null;
    }
  };
  return { ...state, run };
}

const Refusal = ({ problem }) => problem && html`<p class="notice bad" role="alert">${say(problem)}</p>`;

export function Drawer() {
  const mine = drawer.value;
  const [opening, setOpening] = useState(false);
  const others = openSessions.value.filter((session) => session !== mine);
  return html`<section class="drawer" aria-label="Till">
    ${mine && html`<${Mine} session=${mine} onOther=${() => setOpening(true)} />`}
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
  const [typed, setTyped] = useState("");
  const { run, busy, problem } = useCommand();
  const float = parseMoney(typed, currency.value);
  const open = async (event) => {
    event.preventDefault();
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
    <label class="field">Float in the drawer
      <input name="float" inputmode="decimal" required placeholder="0.00" autocomplete="off" value=${typed} onInput=${(event) => setTyped(event.target.value)} /></label>
    <${Refusal} problem=${problem} />
    <button class="primary big" disabled=${busy || float === null || !till.trim()}>Open till</button>
  </form>`;
}

function Mine({ session, onOther }) {
  const { run, busy, problem } = useCommand();
  const noSale = async () => {
    const answer = await run(`/till-sessions/${session.id}/drawer-events`, { kind: "no_sale", amount_minor: 0 });
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
      <button onClick=${() => (dialog.value = { name: "x", id: session.id })}>X report</button>
      <button class="danger" onClick=${() => (dialog.value = { name: "close", id: session.id })}>Count and close</button>
    </div>
    <${Refusal} problem=${problem} />
    <button class="link" onClick=${onOther}>Open another till</button>
  </div>`;
}

export function Move({ kind }) {
  const [typed, setTyped] = useState("");
  const [reason, setReason] = useState("");
  const { run, busy, problem } = useCommand();
  const amount = parseMoney(typed, currency.value);
  const record = async (event) => {
    event.preventDefault();
    const body = { kind, amount_minor: amount, ...(reason.trim() ? { reason: reason.trim() } : {}) };
    const answer = await run(`/till-sessions/${drawer.value.id}/drawer-events`, body);
    if (!answer) return;
    learnSession(answer);
    toast(`${MOVES[kind].label}: ${money(amount, currency.value)}`, { tone: "good" });
    closeDialog();
  };
  return html`<${Dialog} title=${MOVES[kind].label} name="move" onClose=${closeDialog}>
    <form class="stack" onSubmit=${record}>
      <p class="quiet">${MOVES[kind].about}</p>
      <label class="field">Amount <input name="amount" inputmode="decimal" required autofocus autocomplete="off" placeholder="0.00" value=${typed} onInput=${(event) => setTyped(event.target.value)} /></label>
      <label class="field">Reason <input name="reason" maxlength="200" value=${reason} onInput=${(event) => setReason(event.target.value)} /></label>
      <${Refusal} problem=${problem} />
      <button class="primary big" disabled=${busy || !amount}>Record ${amount ? money(amount, currency.value) : ""}</button>
    </form>
  <//>`;
}

/** Blind: what should be in the drawer is not shown to whoever counts it. */
export function CloseTill({ id }) {
  const [pieces, setPieces] = useState({});
  const [typed, setTyped] = useState("");
  const [reason, setReason] = useState("");
  const { run, busy, problem } = useCommand();
  const counting = Object.values(pieces).some((number) => number > 0);
  const piecesMinor = DENOMINATIONS.reduce((sum, piece) => sum + piece * (pieces[piece] || 0), 0);
  const counted = counting ? piecesMinor : parseMoney(typed, currency.value);
  const half =
    problem?.code === "half_paid_orders"
      ? String(problem.document.order_ids || "")
          .split(",")
          .filter(Boolean)
      : [];
  const close = async (carryOver) => {
    const body = { counted_minor: counted, ...(reason.trim() ? { reason: reason.trim() } : {}) };
    if (carryOver.length) body.carry_over_order_ids = carryOver;
    const answer = await run(`/till-sessions/${id}/close`, body);
    if (!answer) return;
    learnSession(answer.session || { id, state: "closed", version: Number.MAX_SAFE_INTEGER });
    dialog.value = { name: "z", report: answer.z_report };
  };
  const submit = (event) => {
    event.preventDefault();
    close([]);
  };
  return html`<${Dialog} title="Count the drawer" name="close" wide onClose=${closeDialog}>
    <form class="stack" onSubmit=${submit}>
      <div class="pieces">
        ${DENOMINATIONS.map(
          (piece) => html`<label class="piece" key=${piece}>${money(piece, currency.value)}
            <input inputmode="numeric" pattern="[0-9]*" maxlength="5" value=${pieces[piece] || ""} placeholder="0"
              aria-label=${`Pieces of ${money(piece, currency.value)}`}
              onInput=${(event) => setPieces({ ...pieces, [piece]: Number(event.target.value.replace(/\D/g, "")) })} /></label>`,
        )}
      </div>
      <label class="field">Counted in all
        <input name="counted" inputmode="decimal" autocomplete="off" placeholder="0.00" readonly=${counting}
          value=${counting ? (piecesMinor / 100).toFixed(2) : typed} onInput=${(event) => setTyped(event.target.value)} /></label>
      <label class="field">Reason, where it differs <input name="reason" maxlength="200" value=${reason} onInput=${(event) => setReason(event.target.value)} /></label>
      <${Refusal} problem=${problem} />
      ${
        half.length > 0 &&
        html`<button type="button" class="ghost" onClick=${() => close(half)}>Carry over ${count(half.length, "order")} and close</button>`
      }
      <button class="danger big" disabled=${busy || counted === null}>
        ${busy ? "Closing…" : `Close with ${counted === null ? "…" : money(counted, currency.value)}`}</button>
    </form>
  <//>`;
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
