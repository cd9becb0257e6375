// An operation, tried by the person who reads about it: in their own restaurant, with their own rights.
import { newId } from "../ids.js";
import { noAnswer, say } from "../problem.js";
import { accessToken, may, restaurant, session } from "../session.js";
import { plain } from "../text.js";
import { html, useState } from "../view.js";
import { Code } from "./code.js";
import { addressOf, curlOf, headersOf } from "./curl.js";

const TIMEOUT_MS = 12_000;
const SHOWN_MAX = 20_000;
const KEY = "Idempotency-Key";
const JSON_BODY = "application/json";
const TOLD = ["ETag", "Location", "Idempotency-Replayed", "Retry-After"];

const pretty = (text) => {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
};

const shortened = (text) => (text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}\n… ${text.length - SHOWN_MAX} characters more` : text);

/** What came back, whatever it was: {status, milliseconds, headers, text}. Throws Problem where nothing did. */
async function send(operation, values, body) {
  const headers = Object.fromEntries(headersOf(operation.parameters, values));
  if (session.value && operation.permission !== "public") headers.Authorization = `Bearer ${await accessToken()}`;
  if (body) headers["Content-Type"] = JSON_BODY;
  const begun = performance.now();
  try {
    const answer = await fetch(addressOf(operation.path, operation.parameters, values), {
      method: operation.method.toUpperCase(),
      headers,
      body: body || undefined,
      signal: AbortSignal.timeout(TIMEOUT_MS),
      credentials: "omit",
      cache: "no-store",
    });
    const text = await answer.text();
    const told = TOLD.filter((name) => answer.headers.get(name)).map((name) => `${name}: ${answer.headers.get(name)}`);
    return { status: answer.status, milliseconds: Math.round(performance.now() - begun), headers: told, text };
  } catch {
    throw noAnswer();
  }
}

function Answer({ answer }) {
  const good = answer.status < 400;
  return html`<div class="stack" role="status">
    <p><span class="status ${good ? "good" : "bad"}">${answer.status}</span> in ${answer.milliseconds} ms</p>
    ${answer.headers.map((line) => html`<code key=${line}>${line}</code>`)}
    ${answer.text && html`<${Code} text=${shortened(pretty(answer.text))} label="Answer" />`}
  </div>`;
}

function missingOf(operation, values, body) {
  const missing = operation.parameters.find((one) => one.required && !values[one.name]);
  if (missing) return `${missing.name} is needed.`;
  try {
    if (body) JSON.parse(body);
  } catch (mistake) {
    return `The body is no JSON: ${mistake.message}`;
  }
  return "";
}

/** A form for an operation that takes JSON or nothing; others say that a terminal is needed. */
export function TryIt({ operation }) {
  const example = operation.body.find((one) => one.type === JSON_BODY);
  const [values, setValues] = useState({ [KEY]: newId() });
  const [body, setBody] = useState(example ? JSON.stringify(example.example ?? {}, null, 2) : "");
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState("");
  const [answer, setAnswer] = useState(null);
  if (operation.body.length && !example) {
    return html`<p class="quiet">It takes a file: send it with curl and --data-binary @file.</p>`;
  }
  const known = operation.parameters.some((one) => one.name === KEY) ? values : { ...values, [KEY]: "" };
  const submit = async (event) => {
    event.preventDefault();
    const missing = missingOf(operation, known, body);
    setRefusal(missing);
    if (missing || busy) return;
    setBusy(true);
    try {
      setAnswer(await send(operation, known, body));
      // The next one is another action; the same one again is sent with the key that one writes there.
      setValues((held) => ({ ...held, [KEY]: newId() }));
    } catch (problem) {
      setRefusal(say(problem));
    }
    setBusy(false);
  };
  const open = operation.permission === "public" || session.value;
  const changes = operation.method !== "get";
  return html`<form class="try stack" onSubmit=${submit} aria-label=${`Try ${operation.summary}`}>
    <h4>Try it</h4>
    ${
      !open &&
      html`<p class="notice">It needs somebody: <a href="/login?next=docs">log in</a> and come back, or take the line for the terminal.</p>`
    }
    ${
      open &&
      changes &&
      restaurant.value &&
      html`<p class="notice warn">This really happens in <bdi>${plain(restaurant.value.name)}</bdi>, as <bdi>${plain(session.value.user.name)}</bdi>.</p>`
    }
    ${
      session.value &&
      !["public", "any"].includes(operation.permission) &&
      !may(operation.permission) &&
      html`<p class="notice">Your role does not have <code>${operation.permission}</code>: it will answer 403.</p>`
    }
    ${operation.parameters.map(
      (one) => html`<label class="field" key=${one.name}><span><code>${one.name}</code> <small class="quiet">${one.where}</small></span>
        <input value=${values[one.name] || ""} autocomplete="off" spellcheck="false"
          onInput=${(event) => setValues({ ...values, [one.name]: event.target.value })} /></label>`,
    )}
    ${
      example &&
      html`<label class="field">Body
        <textarea class="body" rows=${Math.min(18, body.split("\n").length + 1)} spellcheck="false" value=${body}
          onInput=${(event) => setBody(event.target.value)}></textarea></label>`
    }
    ${refusal && html`<p class="notice bad" role="alert">${refusal}</p>`}
    <div class="row"><button class="primary" disabled=${busy || !open}>${busy ? "Sending…" : `Send ${operation.method.toUpperCase()}`}</button></div>
    ${answer && html`<${Answer} answer=${answer} />`}
    <details><summary>For the terminal</summary><${Code} text=${curlOf(operation, location.origin, known, body)} label="curl" /></details>
  </form>`;
}
