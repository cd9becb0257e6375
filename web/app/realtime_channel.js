// One channel of the socket: its state, its position, and how it never misses an event. See realtime.js.

const HELD_MAX = 64;
const HEAL_MS = 2_000;
const HEALS_MAX = 3;
const ANSWER_MS = 10_000;
const RETRY_MS = 2_000;

/**
 * `status`: "new", "asked" (a sub is under way), "syncing" (a replay is under way), "live", "snapshot" (one is being
 * fetched), "later" (to be asked for again at `at`), "denied".
 */
export class Channel {
  constructor({ name, ch, rules, acks = false, kept = null }, machine) {
    this.name = name;
    this.ch = ch;
    this.rules = rules;
    this.acks = acks;
    this.machine = machine;
    this.e = kept?.e ?? null;
    this.s = kept?.s ?? 0;
    this.state = kept?.state ?? rules.empty;
    this.status = "new";
    this.code = "";
    this.at = 0;
    this.subId = 0;
    this.fetching = false;
    this.held = new Map();
    this.heals = 0;
    this.behindSince = 0;
    this.skipTo = -1;
    this.unstored = false;
  }

  get settled() {
    return this.status === "live" || this.status === "denied";
  }

  /** The entry for a hello or a sub. */
  wanted() {
    this.status = "asked";
    return this.e === null ? { ch: this.ch } : { ch: this.ch, e: this.e, s: this.s };
  }

  subscribe(now) {
    this.held.clear();
    this.behindSince = 0;
    this.skipTo = -1;
    this.at = now + ANSWER_MS;
    this.subId = this.machine.newFrameId();
    this.machine.send({ t: "sub", id: this.subId, ...this.wanted() });
  }

  /** The connection is gone; state and position stay. */
  dropped() {
    if (this.status !== "denied" || this.code !== "forbidden") this.status = "new";
    this.held.clear();
    this.heals = 0;
    this.behindSince = 0;
    this.skipTo = -1;
  }

  /** What the server made of a sub. */
  answered(entry, now) {
    this.subId = 0;
    this.at = 0;
    if (entry.st === "live") this.becameLive(entry.s, now);
    else if (entry.st === "resumed") this.status = "syncing";
    else if (entry.st === "snapshot") this.fetch();
    else if (entry.temp || entry.code === "unavailable") this.later(entry.retry_ms ?? RETRY_MS, now);
    else {
      this.status = "denied";
      this.code = entry.code || "";
    }
    this.machine.do("status");
  }

  becameLive(top, now) {
    this.status = "live";
    this.heals = 0;
    if (top !== null && top !== undefined) this.topIs(top, now);
    // Also a position that was only confirmed counts: after a reload the display says again what it holds.
    this.machine.applied(now);
  }

  later(pause, now) {
    this.status = "later";
    this.at = now + pause;
  }

  fetch() {
    this.status = "snapshot";
    this.held.clear();
    if (this.fetching) return;
    this.fetching = true;
    this.machine.do("fetch", { ch: this.ch });
  }

  snapshotTaken(answer, retryMs, now) {
    this.fetching = false;
    if (answer === null) {
      if (this.status === "snapshot") this.later(retryMs ?? RETRY_MS, now);
      return;
    }
    if (this.status !== "snapshot" && this.status !== "new") return;
    this.e = answer.e;
    this.s = answer.s;
    this.state = this.rules.snapshot(answer.state);
    this.changed(now);
    if (this.machine.phase === "open") this.subscribe(now);
  }

  changed(now) {
    this.unstored = true;
    this.machine.applied(now);
    this.machine.do("changed", { channel: this });
  }

  /** An event: applied when it is the next, dropped when it is known, held when something is missing before it. */
  event(frame, now) {
    if (this.status === "snapshot" || this.status === "later" || this.status === "denied") return;
    if (frame.e !== this.e) {
      if (this.status !== "asked") this.fetch();
      return;
    }
    if (frame.s <= this.s) return;
    if (frame.s !== this.s + 1 && frame.s > this.skipTo) {
      this.hold(frame, now);
      return;
    }
    this.apply(frame, now);
    this.drain(now);
  }

  apply(frame, now) {
    if (frame.d === undefined && frame.ref !== undefined) {
      // Too large for a frame. The snapshot is at least as new as the event.
      this.fetch();
      return;
    }
    try {
      if (frame.d !== undefined) this.state = this.rules.apply(this.state, frame);
    } catch (error) {
      // An event that we cannot read must not be lost: the snapshot contains what it did.
      console.error("an event was not understood", frame.k, error);
      this.fetch();
      return;
    }
    this.s = frame.s;
    this.heals = 0;
    this.changed(now);
    this.machine.do("event", { name: this.name, frame, live: this.status === "live" });
  }

  hold(frame, now) {
    if (this.held.size >= HELD_MAX) {
      this.heal(now);
      return;
    }
    this.held.set(frame.s, frame);
    if (!this.behindSince) this.heal(now, { keepHeld: true });
  }

  drain(now) {
    while (this.held.size && this.status !== "snapshot") {
      const frame = this.held.get(this.s + 1);
      for (const seq of this.held.keys()) if (seq <= this.s + 1) this.held.delete(seq);
      if (!frame) return;
      this.apply(frame, now);
    }
    this.behindSince = 0;
  }

  /** Something is missing: goes on from the last position; when that does not help, takes a snapshot. */
  heal(now, { keepHeld = false } = {}) {
    this.heals += 1;
    if (this.heals > HEALS_MAX) {
      this.heals = 0;
      this.fetch();
      return;
    }
    const held = keepHeld ? new Map(this.held) : new Map();
    this.subscribe(now);
    this.held = held;
    this.behindSince = now;
  }

  /** The newest position of the channel, from a ping: catches a lost last event. */
  topIs(top, now) {
    if (this.status !== "live" || top <= this.s) {
      if (top <= this.s && !this.held.size) this.behindSince = 0;
      return;
    }
    this.behindSince ||= now;
  }

  /** From `from` to `s` only the newest of each key follows; the gaps are meant. */
  skip(frame) {
    if (frame.e === this.e && frame.from <= this.s) this.skipTo = frame.s;
  }

  synced(frame, now) {
    if (this.status !== "syncing" && this.status !== "asked") return;
    if (frame.s > this.s) {
      this.heal(now);
      return;
    }
    this.becameLive(frame.s, now);
    this.machine.do("status");
  }

  /** The server ended the subscription. */
  ended(frame, now) {
    if (frame.code === "resync") this.fetch();
    else if (frame.code === "not_subscribed") this.later(0, now);
    else {
      this.status = "denied";
      this.code = frame.code;
    }
    this.machine.do("status");
  }

  /** An err frame; only the one that answers our sub concerns this channel. */
  refused(frame, now) {
    if (!this.subId || frame.id !== this.subId) return;
    this.subId = 0;
    this.later(frame.retry_ms ?? RETRY_MS, now);
  }

  tick(now) {
    if (this.status === "later" && now >= this.at) {
      if (this.e === null) this.fetch();
      else this.subscribe(now);
    } else if (this.status === "asked" && this.at && now >= this.at) {
      this.subscribe(now);
    } else if (this.behindSince && now - this.behindSince >= HEAL_MS && this.status !== "snapshot") {
      this.heal(now);
    }
  }
}
