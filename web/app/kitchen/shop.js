// What the kitchen display knows and does: its channel, the stations it shows, and the commands on their way.
import { command } from "../api.js";
import { kitchen } from "../channels.js";
import { serverNow } from "../clock.js";
import { say } from "../problem.js";
import { restaurant } from "../session.js";
import { Realtime } from "../socket.js";
import { toast } from "../ui.js";
import { allergyWaits, heldByAllergy } from "./allergy.js";
import { cancelWaits } from "./cancels.js";
import { chime } from "./sound.js";
import { computed, signal } from "../view.js";

const STATIONS = "fynlo.stations.";
const RECALL_MS = 30 * 60_000;
const RECALLS_MAX = 30;
const NEW_MS = 15_000;
const OPEN = new Set(["held", "queued", "preparing", "cancelled"]);

const storedName = STATIONS + restaurant.value?.id;

function loadStations() {
  try {
    const found = JSON.parse(localStorage.getItem(storedName));
    return Array.isArray(found) ? found : [];
  } catch {
    return [];
  }
}

/** Ids of the stations that this display shows; none: all. */
export const chosenStations = signal(loadStations());

export const realtime = new Realtime({
  kind: "kds",
  stations: chosenStations.value,
  channels: { kitchen: { rules: kitchen, acks: true } },
  onEvent: noticed,
});
const state = realtime.states.kitchen;

/** Shows these stations from now on (none: all); the server is told, for it watches who sees what. */
export function showStations(ids) {
  chosenStations.value = ids;
  localStorage.setItem(storedName, JSON.stringify(ids));
  realtime.showStations(ids);
}

export const stations = computed(() =>
  Object.values(state.value.stations).sort((a, b) => a.position - b.position || a.name.localeCompare(b.name)),
);

/** What a station is called; "" where it is gone. */
export const stationName = (id) => state.value.stations[id]?.name || "";

// A station that is gone shows nothing: a display that chose it alone would stay dark.
const chosenNow = computed(() => {
  const known = state.value.stations;
  return Object.keys(known).length ? chosenStations.value.filter((id) => known[id]) : chosenStations.value;
});

// Commands on their way, by ticket: what the cook did counts at once on this screen.
const pending = signal({});
const dismissed = signal(new Set());

function seen(ticket) {
  const command = pending.value[ticket.id];
  if (!command || ticket.revision > command.revision) return ticket;
  return { ...ticket, ...command.expected };
}

/** Every ticket there is, at any station. */
export const everywhere = computed(() => Object.values(state.value.tickets).map(seen));
/** The tickets of the stations that this display shows. */
export const shown = computed(() => {
  const wanted = new Set(chosenNow.value);
  return everywhere.value.filter((ticket) => wanted.size === 0 || wanted.has(ticket.station_id));
});
/** Oldest first. */
export const inOrder = (a, b) => a.created_at.localeCompare(b.created_at) || a.id.localeCompare(b.id);

/** Tickets to cook, oldest first; cancelled ones until somebody has seen them. */
export const tickets = computed(() =>
  shown.value
    .filter((ticket) => OPEN.has(ticket.state) || allergyWaits(ticket) || cancelWaits(ticket))
    .filter((ticket) => !(ticket.state === "cancelled" && dismissed.value.has(ticket.id)))
    .sort(inOrder),
);

/** Tickets that were bumped in the last half hour, newest first. */
export const recallable = computed(() =>
  shown.value
    .filter(
      (ticket) =>
        ticket.state === "ready" && serverNow() - Date.parse(ticket.ready_at || ticket.created_at) < RECALL_MS,
    )
    .sort((a, b) => (b.ready_at || b.created_at).localeCompare(a.ready_at || a.created_at))
    .slice(0, RECALLS_MAX),
);

/** Open tickets of a station, or of all. */
export function openAt(stationId) {
  return Object.values(state.value.tickets).filter(
    (ticket) =>
      OPEN.has(ticket.state) && ticket.state !== "cancelled" && (!stationId || ticket.station_id === stationId),
  ).length;
}

/** A cook has seen that a ticket is off: gone here at once, and from every display when the server has heard. */
export async function dismiss(ticket) {
  dismissed.value = new Set([...dismissed.value, ticket.id]);
  try {
    await command(`/kitchen/tickets/${ticket.id}/ack`, {}, { patience: Infinity });
  } catch (problem) {
    dismissed.value = new Set([...dismissed.value].filter((id) => id !== ticket.id));
    toast(`Order ${ticket.order_number ?? ""}: ${say(problem)}`, { tone: "bad" });
  }
}

const STEPS = {
  start: { state: "preparing", from: "queued" },
  bump: { state: "ready", from: "" },
  recall: { state: "preparing", from: "ready" },
  serve: { state: "served", from: "ready" },
};

/** Starts, bumps, recalls or serves a ticket. It is sent until it is answered, however bad the network is. */
export function step(ticket, action) {
  if (ticket.state === "cancelled") {
    dismiss(ticket);
    return;
  }
  if (action === "bump" && heldByAllergy(ticket)) return;
  const { state: next, from } = STEPS[action];
  const lines = ticket.lines.map((line) =>
    line.state !== "cancelled" && (!from || line.state === from) ? { ...line, state: next } : line,
  );
  const number = expect(ticket, next, lines);
  deliver(ticket, number, [`/kitchen/tickets/${ticket.id}/${action}`]);
}

/** Takes back a bump. */
export function recallById(id) {
  const ticket = recallable.value.find((one) => one.id === id);
  if (ticket) step(ticket, "recall");
}

/** Recalls what was bumped last. */
export function recallLast() {
  if (recallable.value.length) step(recallable.value[0], "recall");
  else toast("Nothing to recall");
}

/** A tap on a line: ready, or back to the stove. */
export function stepLine(ticket, line) {
  const path = `/kitchen/tickets/${ticket.id}/lines/${line.id}`;
  const back = line.state === "ready";
  if (!back && heldByAllergy(ticket)) return;
  const steps = back ? ["recall"] : line.state === "queued" ? ["start", "ready"] : ["ready"];
  const next = back ? "preparing" : "ready";
  const lines = ticket.lines.map((one) => (one.id === line.id ? { ...one, state: next } : one));
  const open = lines.filter((one) => one.state !== "cancelled");
  const whole = open.every((one) => one.state === "ready") ? "ready" : "preparing";
  const number = expect(ticket, whole, lines);
  deliver(
    ticket,
    number,
    steps.map((one) => `${path}/${one}`),
  );
}

let commandNumber = 0;

/** Shows what the cook did until the server's own word of it is here. Answers the number of the command. */
function expect(ticket, next, lines) {
  commandNumber += 1;
  const readyAt = next === "ready" ? new Date(serverNow()).toISOString() : null;
  const expected = { state: next, lines, ready_at: readyAt };
  const held = Object.entries(pending.value).filter(([id]) => state.value.tickets[id]);
  pending.value = { ...Object.fromEntries(held), [ticket.id]: { number: commandNumber, revision: Infinity, expected } };
  return commandNumber;
}

/** The command is answered (with this revision) or refused (null). A later one on the same ticket goes on. */
function settle(ticket, number, revision) {
  const held = pending.value[ticket.id];
  if (held?.number !== number) return;
  const left = { ...pending.value };
  if (revision === null) delete left[ticket.id];
  else left[ticket.id] = { ...held, revision: revision - 1 };
  pending.value = left;
}

const queues = new Map();

/** Commands on one ticket go out one after the other. */
function deliver(ticket, number, paths) {
  const before = queues.get(ticket.id) || Promise.resolve();
  const mine = before
    .then(() => sendAll(ticket, number, paths))
    .finally(() => queues.get(ticket.id) === mine && queues.delete(ticket.id));
  queues.set(ticket.id, mine);
}

async function sendAll(ticket, number, paths) {
  try {
    let answer = null;
    for (const path of paths) answer = await command(path, {}, { patience: Infinity });
    settle(ticket, number, answer.revision);
  } catch (problem) {
    settle(ticket, number, null);
    if (problem.code !== "illegal_transition")
      toast(`Order ${ticket.order_number ?? ""}: ${say(problem)}`, { tone: "bad" });
  }
}

function noticed(_, event, live) {
  const wanted = chosenNow.value;
  const mine = (event.d?.tickets || []).some((ticket) => wanted.length === 0 || wanted.includes(ticket.station_id));
  const fresh = live || Date.now() - event.at < NEW_MS;
  const moved = (event.d?.tickets || []).some(
    (ticket) => ticket.state === "queued" && serverNow() - Date.parse(ticket.rerouted_at || 0) < NEW_MS,
  );
  const news = moved || ["order.accepted", "ticket.created", "ticket.cancelled"].includes(event.k);
  if (mine && fresh && news) chime();
}
