// What moved in a drawer beside sales, and how it stands for those who may know before they count.
import { get } from "../api.js";
import { timeOrDate } from "../clock.js";
import { money } from "../money.js";
import { say } from "../problem.js";
import { may, restaurant } from "../session.js";
import { plain } from "../text.js";
import { html, useEffect, useState } from "../view.js";
import { realtime } from "./shop.js";

/** The latest are at hand; the others are for whoever asks. */
const SHOWN_FIRST = 10;
const KINDS = {
  float: { label: "Opening float", sign: 1 },
  paid_in: { label: "Paid in", sign: 1 },
  paid_out: { label: "Paid out", sign: -1 },
  drop: { label: "Drop to safe", sign: -1 },
  no_sale: { label: "Opened without a sale", sign: 0 },
};

/** Whoever may read reports knows what should be in a drawer; everybody else counts it blind. */
export function knowsExpected() {
  return may("reports.read");
}

/** The movements of an open session, newest first. They are read again whenever it has changed. */
export function Movements({ session }) {
  const [report, setReport] = useState(null);
  const [problem, setProblem] = useState(null);
  const { live } = realtime.status.value;
  useEffect(() => {
    let current = true;
    get(`/till-sessions/${session.id}/x-report`).then(
      (found) => current && (setReport(found), setProblem(null)),
      (refusal) => current && setProblem(refusal),
    );
    return () => {
      current = false;
    };
  }, [session.id, session.version, live]);
  return html`<section class="panel stack movements" aria-label="In and out of the drawer">
    <h2>In and out of the drawer</h2>
    ${problem && html`<p class="notice" role="status">${report ? "This is what was known. " : ""}${say(problem)}</p>`}
    ${!report && !problem && html`<p class="quiet">Looking it up…</p>`}
    ${
      report &&
      html`<${Standing} cash=${report.cash} currency=${session.currency} />
        <${Events} events=${newestFirst(session, report)} currency=${session.currency} first=${SHOWN_FIRST} />`
    }
  </section>`;
}

function newestFirst({ id, opening_float_minor: float, opened_at: at, opened_by: actor }, report) {
  const opening = { id, kind: "float", amount_minor: float, created_at: at, actor };
  return [opening, ...report.drawer_events].reverse();
}

function Standing({ cash, currency }) {
  if (!knowsExpected()) {
    return html`<p class="quiet">Cash sales and what should be in the drawer are left out: it is counted blind.</p>`;
  }
  const rows = [
    ["Cash sales", cash.cash_sales_minor, "cash-sales"],
    ...(cash.cash_refunds_minor ? [["Cash refunds", -cash.cash_refunds_minor]] : []),
    ["Should be there now", cash.expected_minor, "expected"],
  ];
  return html`<dl class="standing">
    ${rows.map(
      ([name, minor, id]) =>
        html`<div key=${name} data-row=${id}><dt>${name}</dt><dd>${money(minor, currency)}</dd></div>`,
    )}
  </dl>`;
}

/** Drawer events as a list, in the order they come in; above `first` of them there is a button for the others. */
export function Events({ events, currency, first = Infinity }) {
  const [all, setAll] = useState(false);
  const shown = all ? events : events.slice(0, first);
  return html`<ul class="events">
      ${shown.map((one) => html`<${Movement} key=${one.id} event=${one} currency=${currency} />`)}
    </ul>
    ${shown.length < events.length && html`<button onClick=${() => setAll(true)}>Show all ${events.length}</button>`}`;
}

function Movement({ event, currency }) {
  const { label, sign } = KINDS[event.kind];
  const people = [event.actor?.name, event.approved_by && `approved by ${event.approved_by.name}`].filter(Boolean);
  return html`<li data-event=${event.kind}>
    <time datetime=${event.created_at}>${timeOrDate(event.created_at, restaurant.value.timezone)}</time>
    <span><strong>${label}</strong>${event.reason && html` · <bdi>${plain(event.reason)}</bdi>`}
      <small class="quiet"><bdi>${plain(people.join(", "))}</bdi></small></span>
    <span class="sum">${sign === 0 ? "–" : money(sign * event.amount_minor, currency)}</span>
  </li>`;
}
