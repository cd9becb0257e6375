// One tab, one device, one session. A browser that duplicates a tab copies its sessionStorage with it: two holders
// of one refresh token look like a theft to the server, which then ends the session of both.
import { newId } from "./ids.js";

const DEVICE = "fynlo.device";
const LOCK = "fynlo.tab.";
/** A page that is being left gives its lock back at once; waiting longer only delays the copy of a tab. */
const RELEASE_MS = 2_000;

/** The name of this tab towards the server: one device, one socket. */
export function deviceId() {
  let id = sessionStorage.getItem(DEVICE);
  if (!id) {
    id = `web-${newId()}`;
    sessionStorage.setItem(DEVICE, id);
  }
  return id;
}

/**
 * Whether what this tab has stored is its own. False: it was copied from a tab that is still open; this tab is a
 * device of its own from now on. Where the browser has no locks (pages without TLS) nobody can tell: true.
 */
export async function ownsItsStorage() {
  if (!navigator.locks || (await hold(LOCK + deviceId()))) return true;
  sessionStorage.removeItem(DEVICE);
  await hold(LOCK + deviceId());
  return false;
}

/** Takes a lock for as long as the page lives; false where another page has it. */
function hold(name) {
  return new Promise((resolve) => {
    const keepForEver = () => {
      resolve(true);
      return new Promise(() => {});
    };
    navigator.locks
      .request(name, { signal: AbortSignal.timeout(RELEASE_MS) }, keepForEver)
      .catch((refusal) => resolve(refusal.name !== "TimeoutError"));
  });
}
