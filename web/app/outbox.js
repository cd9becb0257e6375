// Orders that were sent and not yet answered. They stay on this device, across reloads, until the server has
// answered; each is sent with its own id and key again and again, so it is placed once.
import { get, request, sleep } from "./api.js";
import { newId } from "./ids.js";
import { restaurant } from "./session.js";
import { signal } from "./view.js";

const STORED = "fynlo.orders.";
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 8_000;

/** Orders that wait for an answer: [{id, key, body, at}]. */
export const waiting = signal([]);
/** Orders that were refused after a wait: [{id, body, problem}]; somebody has to look at them. */
export const refused = signal([]);

const running = new Map();
const storedName = () => STORED + restaurant.value.id;

function keep(entries) {
  waiting.value = entries;
  localStorage.setItem(storedName(), JSON.stringify(entries));
}

/** Goes on with what an earlier visit of this page left. `onPlaced` is told of each order that arrived late. */
export function resumeWaiting(onPlaced) {
  try {
    waiting.value = JSON.parse(localStorage.getItem(storedName())) || [];
  } catch {
    waiting.value = [];
  }
  for (const entry of waiting.value) late(entry, onPlaced);
}

function late(entry, onPlaced) {
  deliver(entry).then(onPlaced, (problem) => {
    refused.value = [...refused.value, { id: entry.id, body: entry.body, problem }];
  });
}

/**
 * Places an order. Answers it as soon as the server has it; throws Problem when it is refused. Where no answer
 * comes, `onWait` is called once and the order goes on trying for as long as this device lives.
 */
export async function place(draft, { onWait, onPlaced }) {
  const id = newId();
  const entry = { id, key: id, body: { id, ...draft }, at: Date.now() };
  keep([...waiting.value, entry]);
  let told = false;
  const first = () => {
    told = true;
    onWait?.(entry);
  };
  const placing = deliver(entry, first);
  return placing.then(
    (order) => {
      if (told) onPlaced?.(order);
      return order;
    },
    (problem) => {
      if (told) refused.value = [...refused.value, { id, body: entry.body, problem }];
      throw problem;
    },
  );
}

/** Removes an order that was refused from the list. */
export function dismissRefused(id) {
  refused.value = refused.value.filter((entry) => entry.id !== id);
}

function deliver(entry, onWait) {
  if (!running.has(entry.id)) {
    running.set(
      entry.id,
      attempt(entry, onWait).finally(() => running.delete(entry.id)),
    );
  }
  return running.get(entry.id);
}

async function attempt(entry, onWait) {
  for (let wait = FIRST_WAIT_MS; ; wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
    try {
      const answer = await send(entry);
      drop(entry);
      return answer;
    } catch (problem) {
      // Without a session nobody may send it: it stays here for whoever logs in next.
      if (!problem.passing && problem.status !== 401) {
        drop(entry);
        throw problem;
      }
      onWait?.();
      onWait = undefined;
      await sleep(Math.max(wait, (problem.retryAfter || 0) * 1000));
    }
  }
}

async function send(entry) {
  try {
    return (await request("POST", "/orders", { body: entry.body, key: entry.key })).body;
  } catch (problem) {
    // The same id is there already: an earlier try arrived, and its key is forgotten after a day.
    if (problem.code !== "order_exists") throw problem;
    return get(`/orders/${entry.id}`);
  }
}

function drop(entry) {
  keep(waiting.value.filter((other) => other.id !== entry.id));
}
