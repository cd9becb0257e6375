// What stands before the operations: the first order, and what holds for all of them.
import { html, useEffect, useState } from "../view.js";
import { Code } from "./code.js";
import { describedValues } from "./spec.js";

const FILES = "/web/app/docs/first_order/";
/** Where the listings expect the system; the page shows its own address instead. */
const ADDRESS = "http://127.0.0.1:8080";

// A test runs these files in this order, so that what one copies from here works.
const STEPS = [
  {
    title: "Log in",
    file: "1_log_in.sh",
    before: "One terminal, with bash, curl and Python. The demo restaurant is there after make run.",
    after: "The token is good for a quarter of an hour. It goes into the header Authorization of every request.",
  },
  {
    title: "Read the menu",
    file: "2_menu.sh",
    before: "The whole menu in one document, with prices in pence. Take something that asks nothing and is not counted.",
    after: "Keep the menu with its ETag: the next time If-None-Match answers 304, and ?since_version= only what changed.",
  },
  {
    title: "Listen as the kitchen does",
    file: "3_kitchen.py",
    before: "In a second terminal: pip install websockets, then this program. It goes on until Ctrl-C.",
    after: "It takes a snapshot, says where it is, and gets every event after that once. The frames are in docs/realtime.md.",
  },
  {
    title: "Place the order",
    file: "4_order.sh",
    before: "Back in the first terminal. The answer means that it is stored: prices are fixed and a number is given.",
    after: "The second terminal shows the ticket before you can look there.",
  },
  {
    title: "Cook it",
    file: "5_cook.sh",
    before: "What a cook does with one touch.",
    after: "Each ticket answers ready, and the order is ready when all of them are.",
  },
  {
    title: "Take the money, count the till",
    file: "6_pay.sh",
    before: "Cash goes into an open till. The guest gives five pounds more than is due.",
    after: "It prints the change, 500, and the number of the Z report. That was a restaurant's day.",
  },
];

function Step({ step, number }) {
  const [text, setText] = useState("");
  useEffect(() => {
    fetch(FILES + step.file)
      .then((answer) => (answer.ok ? answer.text() : ""))
      .then((found) => setText(found.replaceAll(ADDRESS, location.origin)), () => setText(""));
  }, [step.file]);
  return html`<li class="step stack" id=${`step-${number}`}>
    <h3>${number}. ${step.title}</h3>
    <p>${step.before}</p>
    <${Code} text=${text} label=${step.title} />
    <p class="quiet">${step.after}</p>
  </li>`;
}

export const CHAPTERS = [
  ["first-order", "First order in five minutes"],
  ["authentication", "Authentication"],
  ["commands", "Commands and retries"],
  ["values", "Money, time, lists"],
  ["states", "States of an order"],
  ["errors", "Errors"],
];

function States({ spec }) {
  const axes = ["state", "payment_state", "kitchen_state"];
  return html`<div class="stack">
    <p>An order moves on three axes that do not wait for each other: what became of it, its money, its food. <code>state</code> is
      derived from them. A command that does not fit answers 409 <code>illegal_transition</code> with what is <code>allowed</code> now.</p>
    ${axes.map(
      (axis) => html`<table class="fields" key=${axis}><caption><code>${axis}</code></caption><tbody>
        ${describedValues(spec, "Order", axis).map(
          ([value, words]) => html`<tr key=${value}><th scope="row"><code>${value}</code></th><td>${words}</td></tr>`,
        )}
      </tbody></table>`,
    )}
  </div>`;
}

/** The chapters of CHAPTERS, in their order. */
export function Guide({ spec }) {
  return html`<article class="guide stack">
    <h2 id="first-order">First order in five minutes</h2>
    <p>From the log-in to the kitchen and the till, copied step by step into a terminal.</p>
    <ol>${STEPS.map((step, index) => html`<${Step} key=${step.file} step=${step} number=${index + 1} />`)}</ol>
    <h2 id="authentication">Authentication</h2>
    <p><code>POST /api/v2/auth/login</code> gives an access token and a refresh token. The first is sent as
      <code>Authorization: Bearer …</code> and ends after <code>expires_in</code> seconds; then <code>POST /api/v2/auth/refresh</code> gives
      new ones for the second, once: who uses a refresh token twice ends the session, because one of the two has stolen it.
      A token belongs to one person in one restaurant; <code>POST /api/v2/auth/switch</code> goes on in another. Each operation names the
      permission that it needs.</p>
    <h2 id="commands">Commands and retries</h2>
    <p>What changes something takes an <code>Idempotency-Key</code>, made by the client for this one action. Send it again with the same
      key until there is an answer: the effect is there once, and a repeated answer carries <code>Idempotency-Replayed: true</code>. Another
      body under a used key is refused (422 <code>idempotency_key_reuse</code>). Ids of orders, lines and payments may come from the client
      (UUIDv7). What could overwrite somebody's change needs <code>If-Match</code> with the version that was seen, or
      <code>base_version</code> in the body.</p>
    <h2 id="values">Money, time, lists</h2>
    <p>Money is an integer in minor units, named <code>…_minor</code>; the currency stands once in each resource. Rates are basis points,
      <code>…_bp</code>: 2000 is 20 %. Times are RFC 3339 in UTC; a <code>business_date</code> is local and changes when the restaurant's day
      does. Lists answer <code>items</code> and <code>next_cursor</code>; ask again with <code>cursor</code> until it is empty.</p>
    <h2 id="states">States of an order</h2>
    <${States} spec=${spec} />
    <h2 id="errors">Errors</h2>
    <p><code>application/problem+json</code>: act on <code>code</code>, show <code>detail</code>. <code>errors[]</code> names the fields that
      are wrong, <code>retry_after</code> the seconds to wait. 429 and 503 may be sent again, as may what got no answer at all.</p>
  </article>`;
}
