// Who is logged in on this device: one session for all tabs, which outlives a restart of the browser. It lies in
// localStorage, which scripts of this origin alone can read (and the page runs no others: see the content policy of
// the gateway). What lies there is worth little elsewhere: the refresh token works once and belongs to this device's
// session, which the server ends as soon as it is used twice; nothing of it goes into a cookie or an address.
import { fetchJson } from "./http.js";
import { newId } from "./ids.js";
import { Problem } from "./problem.js";
import { keepShell } from "./shell.js";
import { alone, deviceId } from "./tab.js";
import { computed, signal } from "./view.js";

const STORED = "fynlo.session";
/** What a device keeps of a restaurant's data; it goes with the session. */
const CACHES = ["fynlo.rt.", "fynlo.menu."];
/** What the server knows this browser by, whoever logs in. It opens nothing, and outlives log-outs. */
const DEVICE_SECRET = "fynlo.device_secret";
/** A token with less left than this is replaced before it is used. */
const FRESH_MS = 60_000;
const CHECK_MS = 10_000;
const LOG_IN_ATTEMPTS = 3;
const LOG_IN_PAUSE_MS = 500;

/**
 * The session of this device, or null. `expires_at`: milliseconds of this machine's clock; `opened`: an id of ours,
 * another one for each log-in and each change of the restaurant.
 */
export const session = signal(load());
export const restaurant = computed(() => session.value?.restaurant || null);
export const currency = computed(() => restaurant.value?.currency || "GBP");

let refreshing = null;
let timer = null;
/** This page is about to start anew with what another tab opened: what still ends here is of before. */
let leaving = false;

function load() {
  try {
    return JSON.parse(localStorage.getItem(STORED));
  } catch {
    return null;
  }
}

function keep(answer, opened) {
  const kept = { ...answer, opened, expires_at: Date.now() + answer.expires_in * 1000 };
  localStorage.setItem(STORED, JSON.stringify(kept));
  session.value = kept;
  return kept;
}

/** Begins with an answer of the server that is like that of a log-in. */
export function startSession(answer) {
  return keep(answer, newId());
}

/** Takes over what another tab did: fresh tokens, a log-out, another log-in or restaurant. */
function follow() {
  const [before, after] = [session.value, load()];
  if (before && after && before.opened !== after.opened) {
    // What this page shows and its socket are of a session that may be over.
    leaving = true;
    location.reload();
  } else session.value = after;
}

addEventListener("storage", (event) => {
  if (event.key === STORED || event.key === null) follow();
});
keepShell();

/** Whether the person may do something (a name of the API's permission list). */
export function may(permission) {
  const held = session.value?.permissions;
  return !held || held.includes(permission);
}

/** Logs in, which ends the session that this device had before. A busy server is asked again. Throws Problem. */
export async function logIn(email, password) {
  const before = session.value;
  const held = startSession(await askToLogIn(email, password));
  if (before) endOnServer(before.access_token);
  return held;
}

/**
 * What the server answers to a log-in from this device. Nothing of it becomes the session of this device, which goes
 * on. Throws Problem.
 */
export async function askToLogIn(email, password) {
  const secret = localStorage.getItem(DEVICE_SECRET) || undefined;
  const body = { email, password, device_id: deviceId(), client: "web", device_secret: secret };
  for (let attempt = 1; ; attempt += 1) {
    try {
      const { device_secret: known, ...answer } = (await fetchJson("POST", "/auth/login", { body })).body;
      localStorage.setItem(DEVICE_SECRET, known);
      return answer;
    } catch (problem) {
      // A lock-out (429) says how long to wait: that is for people to know.
      if (!problem.passing || problem.status === 429 || attempt === LOG_IN_ATTEMPTS) throw problem;
      await new Promise((resolve) => setTimeout(resolve, LOG_IN_PAUSE_MS));
    }
  }
}

/** Goes on in another restaurant. Throws Problem. */
export async function enter(restaurantId) {
  const token = await accessToken();
  const body = { restaurant_id: restaurantId };
  return keep((await fetchJson("POST", "/auth/switch", { body, token })).body, newId());
}

/** The restaurants that this person may work in: [{id, name, role?}]. Throws Problem. */
export async function restaurants() {
  const own = session.value?.restaurants || [];
  if (own.length && session.value.role !== "platform_owner") return own;
  const answer = await fetchJson("GET", "/restaurants?limit=200", { token: await accessToken() });
  return answer.body.items.length ? answer.body.items : own;
}

/** A token that is good for at least a minute. One refresh at a time on the whole device. Throws Problem. */
export async function accessToken({ fresh = false } = {}) {
  const held = session.value;
  if (!held) throw new Problem(401, { code: "token_expired", detail: "Log in first." });
  if (!fresh && held.expires_at - Date.now() > FRESH_MS) return held.access_token;
  refreshing ||= alone("refresh", () => refresh(held)).finally(() => {
    refreshing = null;
  });
  return (await refreshing).access_token;
}

async function refresh(held) {
  // Another tab may have been first: its tokens are ours.
  const stored = changedSince(held);
  if (stored) return stored;
  const body = { refresh_token: held.refresh_token, device_id: deviceId() };
  try {
    return keep((await fetchJson("POST", "/auth/refresh", { body, keepalive: true })).body, held.opened);
  } catch (problem) {
    if (problem.status !== 401) throw problem;
    const other = changedSince(held);
    if (other) return other;
    forget();
    throw problem;
  }
}

function changedSince(held) {
  const stored = load();
  if (!stored || stored.refresh_token === held.refresh_token) return null;
  follow();
  return stored;
}

/** Keeps the token fresh while the page is open. A lost network is tried again at the next look. */
export function keepFresh() {
  clearInterval(timer);
  timer = setInterval(() => {
    if (session.value && session.value.expires_at - Date.now() <= FRESH_MS) {
      accessToken().catch((problem) => console.info("the token was not refreshed:", problem.code));
    }
  }, CHECK_MS);
}

/** Ends the session here, without asking the server. */
export function forget({ wipe = false } = {}) {
  if (leaving) return;
  localStorage.removeItem(STORED);
  if (wipe) wipeCaches();
  session.value = null;
}

/** Logs out: the server ends the session and its sockets, this device forgets what it cached. */
export async function logOut() {
  const token = await lastToken();
  forget({ wipe: true });
  if (token) await endOnServer(token);
}

/** Tells the server that a session is over. Where it does not hear that, the tokens run out by themselves. */
export async function endOnServer(token) {
  try {
    await fetchJson("POST", "/auth/logout", { body: {}, token, keepalive: true });
  } catch (problem) {
    console.info("the server was not told of the log-out:", problem.code);
  }
}

/** A token that the server still takes, so that an old session is ended and not only forgotten; or null. */
async function lastToken() {
  const held = session.value;
  if (!held || held.expires_at > Date.now()) return held?.access_token;
  try {
    return await accessToken();
  } catch {
    return null;
  }
}

function wipeCaches() {
  for (const name of Object.keys(localStorage)) {
    if (CACHES.some((prefix) => name.startsWith(prefix))) localStorage.removeItem(name);
  }
}

/** Sends people without a session to the log-in, and back here afterwards. False: the page must not go on. */
export function requireSession(page) {
  if (session.value?.restaurant) {
    keepFresh();
    session.subscribe((held) => {
      if (!held) location.replace(`/login?next=${page}`);
    });
    return true;
  }
  location.replace(`/login?next=${page}`);
  return false;
}
