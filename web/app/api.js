// Requests of the person who is logged in, and commands that survive a bad network.
import { fetchJson } from "./http.js";
import { newId } from "./ids.js";
import { accessToken, forget } from "./session.js";

const FIRST_WAIT_MS = 300;
const LONGEST_WAIT_MS = 5_000;
const PATIENCE_MS = 15_000;

/** One request with the person's token; an expired token is replaced once. Throws Problem. */
export async function request(method, path, options = {}) {
  try {
    return await fetchJson(method, path, { ...options, token: await accessToken() });
  } catch (problem) {
    if (problem.status !== 401) throw problem;
    if (problem.code === "token_expired") {
      return fetchJson(method, path, { ...options, token: await accessToken({ fresh: true }) });
    }
    forget();
    throw problem;
  }
}

/** The body of a GET. Throws Problem. */
export async function get(path) {
  return (await request("GET", path)).body;
}

/**
 * A command: sent again with the same key while no answer comes, so that it happens once. `patience`: after so
 * many milliseconds without an answer it throws the last Problem (`passing` says that it may still be repeated).
 */
export async function command(path, body = {}, { key = newId(), patience = PATIENCE_MS, method = "POST", headers } = {}) {
  const giveUpAt = Date.now() + patience;
  for (let wait = FIRST_WAIT_MS; ; wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
    try {
      return (await request(method, path, { body, key, headers })).body;
    } catch (problem) {
      const pause = Math.max(wait, (problem.retryAfter || 0) * 1000);
      if (!problem.passing || Date.now() + pause > giveUpAt) throw problem;
      await sleep(pause);
    }
  }
}

/** Waits so many milliseconds. */
export function sleep(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
