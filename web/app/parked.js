// Events that services could not handle: what they are, another try, or an end with a reason.
import { command, get } from "./api.js";
import { newId } from "./ids.js";
import { parkedBy, parkedNumber } from "./parked_alarm.js";
import { say } from "./problem.js";
import { logOut, may, requireSession } from "./session.js";
import { count, plain } from "./text.js";
import { Dialog, Segmented, Toasts, toast } from "./ui.js";
import { html, render, signal, useEffect, useState } from "./view.js";

const PAGE_SIZE = 50;
const REASON_CHARS = { min: 3, max: 300 };
const EVERYWHERE = "";
/** The consumer has handled what was asked for by then, or parked it again. */
const SETTLED_MS = 1_500;

const events = signal(null);
const older = signal(null);
const service = signal(EVERYWHERE);
const trouble = signal(null);
const discarding = signal(null);

const pathOf = (event) => `/platform/parked/${event.service}/${event.id}`;
const shortName = (type) => type.slice(type.lastIndexOf(".") + 1);
const when = (instant) => new Date(instant).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "medium" });

async function page(cursor) {
  const only = service.value ? `&service=${service.value}` : "";
  const found = await get(`/platform/parked?limit=${PAGE_SIZE}&cursor=${encodeURIComponent(cursor)}${only}`);
  const others = (parkedBy.value || []).filter((one) => !found.services.some((asked) => asked.service === one.service));
  parkedBy.value = [...found.services, ...others].sort((one, two) => one.service.localeCompare(two.service));
  older.value = found.next_cursor;
  return found.items;
}

async function load() {
  try {
    events.value = await page("");
    trouble.value = null;
  } catch (problem) {
    trouble.value = problem;
  }
}

async function loadOlder() {
  try {
    events.value = [...events.value, ...(await page(older.value))];
    trouble.value = null;
  } catch (problem) {
    trouble.value = problem;
  }
}

/** One command, once however often it is tapped; then the list anew. */
function useCommand() {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState(null);
  const run = async (act) => {
    if (busy) return false;
    setBusy(true);
    setProblem(null);
    try {
      await act();
      setBusy(false);
      return true;
    } catch (refusal) {
      setProblem(refusal);
      setBusy(false);
      return false;
    }
  };
  return { busy, problem, run };
}

function Body({ event }) {
  const [shown, setShown] = useState(null);
  const [problem, setProblem] = useState(null);
  useEffect(() => {
    get(pathOf(event)).then(setShown, setProblem);
  }, []);
  if (problem) return html`<p class="notice bad" role="alert">${say(problem)}</p>`;
  if (!shown) return html`<p class="quiet">Reading the event…</p>`;
  if (!shown.body) return html`<p class="notice warn">What it says cannot be read as ${shortName(event.type)}.</p>`;
  return html`<div class="stack">
    <pre class="parked-body" tabindex="0" aria-label="What the event says">${plain(shown.body)}</pre>
    ${shown.body_cut && html`<p class="quiet">It says more than is shown here.</p>`}
  </div>`;
}

function Event({ event }) {
  const [open, setOpen] = useState(false);
  const { busy, problem, run } = useCommand();
  const name = shortName(event.type);
  const asked = (answer, words) => {
    toast(answer.asked ? words : "Nothing of it is parked any more", { tone: "good" });
    setTimeout(load, SETTLED_MS);
  };
  const retry = () => run(async () => asked(await command(`${pathOf(event)}/retry`), `${name} is tried again`));
  const retryAll = () =>
    run(async () => {
      const answer = await command(`/platform/parked/${event.service}/retry`, { type: event.type });
      asked(answer, `${count(answer.asked, "event")} tried again`);
    });
  return html`<li class="parked-event" data-event=${event.id} data-service=${event.service}>
    <div class="what"><strong>${name}</strong><span class="badge">${event.service}</span>
      <span class="quiet">${when(event.parked_at)}</span></div>
    <p class="error"><bdi>${plain(event.error)}</bdi></p>
    <dl class="facts">
      <dt>Restaurant</dt><dd>${event.restaurant_id || "none: an event of the platform"}</dd>
      <dt>Event</dt><dd>${event.id}</dd>
      <dt>Subject</dt><dd><bdi>${plain(event.subject)}</bdi></dd>
      <dt>So far</dt><dd>${event.tries} tries, ${count(event.failures, "failure")}</dd>
    </dl>
    ${open && html`<${Body} event=${event} />`}
    ${problem && html`<p class="notice bad" role="alert">${say(problem)}</p>`}
    <div class="acts">
      <button class="primary" disabled=${busy} onClick=${retry}>Try again</button>
      <button disabled=${busy} onClick=${retryAll}>Try all ${name}</button>
      <button aria-expanded=${open} onClick=${() => setOpen(!open)}>${open ? "Hide" : "Show"} what it says</button>
      <button class="danger" disabled=${busy} onClick=${() => (discarding.value = event)}>Discard</button>
    </div>
  </li>`;
}

function Discard({ event }) {
  const [reason, setReason] = useState("");
  const [key, setKey] = useState(newId());
  const { busy, problem, run } = useCommand();
  const close = () => (discarding.value = null);
  const submit = async (submitted) => {
    submitted.preventDefault();
    if (!(await run(() => command(`${pathOf(event)}/discard`, { reason: reason.trim() }, { key })))) return;
    close();
    toast(`${shortName(event.type)} is discarded`);
    load();
  };
  const typed = (change) => {
    setReason(change.target.value);
    setKey(newId());
  };
  return html`<${Dialog} title=${`Discard ${shortName(event.type)}?`} onClose=${close} name="discard">
    <form class="stack" onSubmit=${submit}>
      <p>It never has an effect in ${event.service} any more. This is recorded with your name and your reason.</p>
      <label class="field">Why
        <input name="reason" autocomplete="off" required minlength=${REASON_CHARS.min} maxlength=${REASON_CHARS.max}
          value=${reason} onInput=${typed} />
      </label>
      ${problem && html`<p class="notice bad" role="alert">${say(problem)}</p>`}
      <div class="row">
        <button type="button" onClick=${close}>Keep it</button>
        <button class="danger" disabled=${busy || reason.trim().length < REASON_CHARS.min}>Discard for good</button>
      </div>
    </form>
  <//>`;
}

function Away() {
  const away = (parkedBy.value || []).filter((one) => one.parked === null).map((one) => one.service);
  if (!away.length) return null;
  const whose = away.length === 1 ? "Its events are" : "Their events are";
  return html`<p class="notice warn" role="alert">${away.join(", ")} could not be asked. ${whose} not in this list.
    <button class="link" onClick=${load}>Try again</button></p>`;
}

function Filter() {
  const number = (one) => (one.parked === null ? "?" : parkedNumber(one.parked));
  const choose = (value) => {
    service.value = value;
    events.value = null;
    load();
  };
  const options = (parkedBy.value || []).map((one) => ({ value: one.service, label: `${one.service} ${number(one)}` }));
  return html`<div class="parked-filter"><${Segmented} label="Service" value=${service.value} onChange=${choose}
    options=${[{ value: EVERYWHERE, label: "All services" }, ...options]} /></div>`;
}

function Events() {
  const found = events.value;
  const parked = (parkedBy.value || []).reduce((sum, one) => sum + (one.parked || 0), 0);
  return html`<div class="stack">
    <h1>Parked events
      ${parkedBy.value && html`<span class="badge ${parked ? "bad" : ""}" data-parked=${parked}>${parkedNumber(parked)}</span>`}</h1>
    <p class="quiet">A service tried these events again and again and could not handle them. Nothing else waits for them.</p>
    <${Away} />
    <${Filter} />
    <section class="panel">
      ${trouble.value && html`<p class="notice bad" role="alert">${say(trouble.value)} <button class="link" onClick=${load}>Try again</button></p>`}
      ${!found && !trouble.value && html`<p class="quiet">Asking the services…</p>`}
      ${found?.length === 0 && html`<p class="empty">No event is parked here.</p>`}
      <ul>${(found || []).map((event) => html`<${Event} key=${event.service + event.id} event=${event} />`)}</ul>
      ${older.value && html`<button onClick=${loadOlder}>Older ones</button>`}
    </section>
  </div>`;
}

function Page() {
  const mine = may("platform.operate");
  useEffect(() => {
    if (mine) load();
  }, []);
  return html`<div>
    <header class="top spread">
      <span class="brand"><img src="/web/icon.svg" alt="" width="28" height="28" />Platform</span>
      <span class="row"><a class="link" href="/login">Restaurants</a>
        <button class="link" onClick=${logOut}>Log out</button></span>
    </header>
    <main class="parked-page stack">
      ${mine ? html`<${Events} />` : html`<p class="notice bad" role="alert">This page is for the operators of the platform.</p>`}
    </main>
    ${discarding.value && html`<${Discard} key=${discarding.value.id} event=${discarding.value} />`}
    <${Toasts} />
  </div>`;
}

if (requireSession("parked", { inside: false })) render(html`<${Page} />`, document.getElementById("page"));
