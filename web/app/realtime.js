// The client's half of the socket protocol fynlo.rt.v1, without a socket, a clock or a store: every method takes
// what happened and the time, and leaves in `out` what its shell (socket.js) has to do. Times are milliseconds.
import { Channel } from "./realtime_channel.js";

export const SUBPROTOCOL = "fynlo.rt.v1";
const CONNECT_MS = 10_000;
const FIRST_RETRY_MS = 2_000;
const BACKOFF_MS = 500;
const BACKOFF_MAX_MS = 30_000;
const STABLE_MS = 30_000;
const NUDGE_MS = 1_000;
const RATE_LIMITED_MS = 5_000;
const ACK_MS = 250;
const REAUTH_MS = 5_000;
const FATAL = new Set([1003, 1007, 1009]);
const FIRST_FATAL = 4500;
const TOKEN_EXPIRED = 4401;
const RATE_LIMITED = 4008;

/**
 * What a page sees of the connection. `phase`: "waiting" (not connected, tries at `at`), "connecting", "open",
 * "stopped" (for good, because of `code`); `live`: every channel is up to date.
 */
export class Machine {
  constructor({ token = null, device, channels, random = Math.random }) {
    this.device = device;
    this.channels = new Map(channels.map((options) => [options.ch, new Channel(options, this)]));
    this.out = [];
    this.phase = "idle";
    this.code = 0;
    this.at = 0;
    this.heardAt = 0;
    this.token = token;
    this.staleToken = false;
    this.random = random;
    this.attempts = 0;
    this.openedAt = 0;
    this.nextId = 0;
    this.silenceMs = 0;
    this.ackAt = 0;
    this.authAt = 0;
    this.bye = null;
  }

  /** What has to be done, in order; each is asked for once. */
  take() {
    return this.out.splice(0);
  }

  do(name, details = {}) {
    this.out.push({ do: name, ...details });
  }

  send(frame) {
    this.do("send", { text: JSON.stringify(frame) });
  }

  newFrameId() {
    this.nextId += 1;
    return this.nextId;
  }

  get live() {
    return this.phase === "open" && [...this.channels.values()].every((channel) => channel.settled);
  }

  // --- the connection ----------------------------------------------------------------------------------------

  /** Connects at once: a page was opened. */
  start(now) {
    this.phase = "waiting";
    this.heardAt = now;
    this.at = now;
    this.tick(now);
  }

  /** The socket is open and this token is good. */
  opened(token, now) {
    this.token = token;
    this.staleToken = false;
    this.bye = null;
    this.phase = "hello";
    this.at = now + CONNECT_MS;
    this.heardAt = now;
    const subs = [...this.channels.values()].map((channel) => channel.wanted());
    this.send({ t: "hello", id: this.newFrameId(), v: 1, token, device: this.device, subs });
  }

  /** The socket is closed, or did not open. */
  closed(code, now) {
    if (this.phase === "stopped" || this.phase === "waiting") return;
    const bye = this.bye;
    this.bye = null;
    const why = bye ? bye.code : code;
    for (const channel of this.channels.values()) channel.dropped();
    if (why >= FIRST_FATAL || FATAL.has(why) || (bye && bye.reconnect === false)) {
      this.stop(why);
      return;
    }
    if (this.openedAt && now - this.openedAt >= STABLE_MS) this.attempts = 0;
    this.openedAt = 0;
    if (why === TOKEN_EXPIRED) this.staleToken = true;
    this.retry(now, this.pause(why, bye?.retry_ms));
  }

  pause(code, retryMs) {
    if (retryMs !== undefined) return retryMs;
    const ceiling = this.attempts ? Math.min(BACKOFF_MAX_MS, BACKOFF_MS * 2 ** this.attempts) : FIRST_RETRY_MS;
    const pause = this.random() * ceiling;
    return code === RATE_LIMITED ? RATE_LIMITED_MS + pause : pause;
  }

  retry(now, pause) {
    this.attempts += 1;
    this.phase = "waiting";
    this.at = now + pause;
  }

  /** Stops for good: a close code from 4500 on, or 4501 where there is nobody logged in any more. */
  stop(code) {
    this.phase = "stopped";
    this.code = code;
    this.do("close", { code: 1000 });
    this.do("stop", { code });
  }

  /** The network is back, or somebody looks at the page again. */
  nudge(now) {
    if (this.phase === "waiting") this.at = Math.min(this.at, now + this.random() * NUDGE_MS);
  }

  /** Begins anew with other words of the device (its stations), at once. */
  rejoin(device, now) {
    this.device = device;
    if (this.phase === "stopped" || this.phase === "idle") return;
    if (this.phase !== "waiting") this.do("close", { code: 1000 });
    for (const channel of this.channels.values()) channel.dropped();
    this.phase = "waiting";
    this.at = now;
    this.tick(now);
  }

  /** Time passes; call it about ten times a second. */
  tick(now) {
    if (this.phase === "waiting" && now >= this.at) {
      this.phase = "connecting";
      this.at = now + CONNECT_MS;
      this.do("open", { fresh: this.staleToken });
    } else if ((this.phase === "connecting" || this.phase === "hello") && now >= this.at) {
      this.cut(now);
    } else if (this.phase === "open") {
      if (now - this.heardAt > this.silenceMs) {
        this.cut(now);
        return;
      }
      for (const channel of this.channels.values()) channel.tick(now);
      if (this.authAt && now >= this.authAt) this.askToken(now);
    }
    this.store(now);
  }

  cut(now) {
    this.do("close", { code: 1000 });
    this.closed(1006, now);
  }

  /** Writes down what was applied; what is written down may be acknowledged. */
  store(now) {
    const changed = [...this.channels.values()].filter((channel) => channel.unstored);
    if (!this.ackAt || now < this.ackAt) return;
    this.ackAt = 0;
    for (const channel of changed) {
      channel.unstored = false;
      this.do("store", { channel });
    }
    const acks = this.acks();
    if (this.phase === "open" && Object.keys(acks).length) this.send({ t: "ack", ack: acks });
  }

  acks() {
    const acked = [...this.channels.values()].filter((channel) => channel.acks && channel.e && !channel.unstored);
    return Object.fromEntries(acked.map((channel) => [channel.ch, channel.s]));
  }

  /** A channel applied something: it is stored, and then acknowledged, within a quarter of a second. */
  applied(now) {
    this.ackAt ||= now + ACK_MS;
  }

  // --- frames ------------------------------------------------------------------------------------------------

  /** A text frame of the server. */
  frame(text, now) {
    this.heardAt = now;
    const frame = JSON.parse(text);
    const handle = HANDLERS[frame.t];
    if (handle) handle(this, frame, now);
  }

  /** The answer of a snapshot request: {e, s, state}, or null where there was none (try again in `retryMs`). */
  snapshot(ch, answer, retryMs, now) {
    this.channels.get(ch).snapshotTaken(answer, retryMs, now);
  }

  /** The fresh token that the server asked for; null where none could be had now. */
  renewed(token, now) {
    if (this.phase !== "open") return;
    if (token === null) {
      this.authAt = now + REAUTH_MS;
      return;
    }
    this.token = token;
    this.send({ t: "auth", id: this.newFrameId(), token });
  }

  askToken() {
    this.authAt = 0;
    this.do("token");
  }
}

const HANDLERS = {
  welcome(machine, frame, now) {
    machine.phase = "open";
    machine.openedAt = now;
    machine.silenceMs = (frame.hb * 1.2 + frame.hbt) * 1000;
    machine.do("welcome", { now: frame.now });
    for (const entry of frame.subs) machine.channels.get(entry.ch)?.answered(entry, now);
  },
  sub_ok(machine, frame, now) {
    machine.channels.get(frame.ch)?.answered(frame, now);
  },
  ev(machine, frame, now) {
    machine.channels.get(frame.ch)?.event(frame, now);
  },
  skip(machine, frame) {
    machine.channels.get(frame.ch)?.skip(frame);
  },
  synced(machine, frame, now) {
    machine.channels.get(frame.ch)?.synced(frame, now);
  },
  unsub(machine, frame, now) {
    machine.channels.get(frame.ch)?.ended(frame, now);
  },
  ping(machine, frame, now) {
    for (const [ch, top] of Object.entries(frame.top || {})) machine.channels.get(ch)?.topIs(top, now);
    machine.send({ t: "pong", n: frame.n, ack: machine.acks() });
  },
  auth_req(machine, _, now) {
    machine.askToken(now);
  },
  auth_ok(machine) {
    machine.authAt = 0;
  },
  err(machine, frame, now) {
    for (const channel of machine.channels.values()) channel.refused(frame, now);
  },
  bye(machine, frame) {
    machine.bye = frame;
  },
};
