// The shell around realtime.js: the WebSocket, the timer, the tokens and the store. One per page.
import { get } from "./api.js";
import { setServerTime } from "./clock.js";
import { Machine, SUBPROTOCOL } from "./realtime.js";
import { accessToken, forget, restaurant } from "./session.js";
import { deviceId } from "./tab.js";
import { batch, signal } from "./view.js";

const TICK_MS = 100;
const STORE_VERSION = 1;
const PATH = "/api/v2/ws";
const INVALID_TOKEN = 4501;
const REVOKED = 4502;

/** Connects the channels (`{kitchen: {rules, acks}}`) for a device `kind` and keeps them up to date. */
export class Realtime {
  constructor({ kind, stations = [], channels, onEvent = () => {} }) {
    this.kind = kind;
    this.onEvent = onEvent;
    this.socket = null;
    const rid = restaurant.value.id;
    const options = Object.entries(channels).map(([name, { rules, acks }]) => {
      const ch = `restaurant:${rid}:${name}`;
      return { name, ch, rules, acks, kept: load(ch) };
    });
    this.machine = new Machine({ device: this.device(stations), channels: options });
    /** Channel name -> signal of its state. */
    this.states = {};
    for (const channel of this.machine.channels.values()) this.states[channel.name] = signal(channel.state);
    /** What a person may know of the connection. */
    this.status = signal(this.describe());
    /** False where this device cannot store: it still shows everything, but starts from a snapshot. */
    this.storing = signal(true);
  }

  device(stations) {
    return { id: deviceId(), kind: this.kind, app: "web-2", stations };
  }

  start() {
    setInterval(() => this.run((now) => this.machine.tick(now)), TICK_MS);
    const nudge = () => this.run((now) => this.machine.nudge(now));
    addEventListener("online", nudge);
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && nudge());
    addEventListener("pageshow", (shown) => shown.persisted && nudge());
    addEventListener("offline", () => this.run((now) => this.machine.cut(now)));
    this.run((now) => this.machine.start(now));
  }

  /** Shows other stations from now on. */
  showStations(stations) {
    this.run((now) => this.machine.rejoin(this.device(stations), now));
  }

  run(step) {
    batch(() => {
      step(Date.now());
      for (const action of this.machine.take()) this[`on_${action.do}`](action);
      this.tell();
    });
  }

  tell() {
    const described = this.describe();
    const shown = this.status.value;
    if (Object.keys(described).some((name) => described[name] !== shown[name])) this.status.value = described;
  }

  describe() {
    const { phase, live, at, code, heardAt } = this.machine;
    return { phase, live, at: phase === "waiting" ? at : 0, code, lostAt: live ? 0 : heardAt };
  }

  // --- what the machine asks for -------------------------------------------------------------------------------

  async on_open({ fresh }) {
    let token;
    try {
      token = await accessToken({ fresh });
    } catch (problem) {
      this.run((now) => (problem.status === 401 ? this.machine.stop(INVALID_TOKEN) : this.machine.closed(1006, now)));
      return;
    }
    if (this.machine.phase !== "connecting") return;
    this.on_close();
    const socket = new WebSocket(`${location.origin.replace(/^http/, "ws")}${PATH}`, SUBPROTOCOL);
    this.socket = socket;
    const mine = (handle) => (event) => socket === this.socket && handle(event);
    socket.onopen = mine(() => this.run((now) => this.machine.opened(token, now)));
    socket.onmessage = mine((message) => this.run((now) => this.machine.frame(message.data, now)));
    socket.onclose = mine((closed) => {
      this.socket = null;
      this.run((now) => this.machine.closed(closed.code, now));
    });
  }

  on_close() {
    const socket = this.socket;
    this.socket = null;
    socket?.close(1000);
  }

  on_send({ text }) {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(text);
  }

  async on_fetch({ ch }) {
    let answer = null;
    let retryMs;
    try {
      answer = await get(`/realtime/snapshot?ch=${encodeURIComponent(ch)}`);
    } catch (problem) {
      if (problem.retryAfter) retryMs = problem.retryAfter * 1000;
    }
    this.run((now) => this.machine.snapshot(ch, answer, retryMs, now));
  }

  async on_token() {
    let token = null;
    try {
      token = await accessToken({ fresh: true });
    } catch (problem) {
      console.info("no fresh token for the socket:", problem.code);
    }
    this.run((now) => this.machine.renewed(token, now));
  }

  on_changed({ channel }) {
    this.states[channel.name].value = channel.state;
  }

  on_store({ channel }) {
    this.storing.value = store(channel);
  }

  on_event({ name, frame, live }) {
    this.onEvent(name, frame, live);
  }

  on_welcome({ now }) {
    setServerTime(now);
  }

  on_status() {}

  on_stop({ code }) {
    if (code === REVOKED) forget({ wipe: true });
    else if (code === INVALID_TOKEN) forget();
  }
}

// Position and state are one value under one key: after whatever happens, either both are new or both are old.
const keyOf = (ch) => `fynlo.rt.${STORE_VERSION}.${ch}`;

function load(ch) {
  try {
    return JSON.parse(localStorage.getItem(keyOf(ch)));
  } catch {
    return null;
  }
}

function store(channel) {
  const { ch, e, s, state } = channel;
  try {
    localStorage.setItem(keyOf(ch), JSON.stringify({ e, s, state }));
    return true;
  } catch {
    // Full, or forbidden. Without a stored position the next load takes a snapshot: nothing is missed.
    localStorage.removeItem(keyOf(ch));
    return false;
  }
}
