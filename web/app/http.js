// One request over HTTP, without a session: JSON or a file in, JSON, a file or a Problem out.
import { Problem, noAnswer } from "./problem.js";

const BASE = "/api/v2";
const TIMEOUT_MS = 12_000;

/**
 * Sends one request; a Blob as it is, under its own type. Answers {status, body, text, headers}, where a file is asked for
 * its Blob as `body`; throws Problem.
 */
export async function fetchJson(method, path, { body, token, key, ...more } = {}) {
  const { headers = {}, keepalive = false, file = false, timeout = TIMEOUT_MS } = more;
  const sent = { Accept: "application/json", ...headers };
  if (token) sent.Authorization = `Bearer ${token}`;
  if (key) sent["Idempotency-Key"] = key;
  const isFile = body instanceof Blob;
  if (body !== undefined) sent["Content-Type"] = isFile ? body.type : "application/json";
  let answer;
  let text = "";
  try {
    answer = await fetch(BASE + path, {
      method,
      headers: sent,
      body: body === undefined || isFile ? body : JSON.stringify(body),
      signal: AbortSignal.timeout(timeout),
      credentials: "omit",
      cache: "no-store",
      keepalive,
    });
    if (file && answer.ok) return { status: answer.status, body: await answer.blob(), text, headers: answer.headers };
    text = await answer.text();
  } catch {
    throw noAnswer();
  }
  const parsed = parse(text);
  if (answer.ok || answer.status === 304) {
    return { status: answer.status, body: parsed, text, headers: answer.headers };
  }
  throw new Problem(answer.status, problemOf(parsed, answer));
}

function parse(text) {
  if (!text) return null;
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function problemOf(parsed, answer) {
  const document = parsed && typeof parsed === "object" ? parsed : {};
  const retryAfter = Number(answer.headers.get("Retry-After"));
  return { code: `http_${answer.status}`, ...document, retry_after: document.retry_after || retryAfter || 0 };
}
