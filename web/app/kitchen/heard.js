// When this display last heard that its tickets are what is. It survives a restart: a wall that starts without a
// network says how old it is.
import { now } from "../clock.js";
import { restaurant } from "../session.js";
import { effect, signal, untracked } from "../view.js";
import { realtime } from "./shop.js";

// Wiped with the channels: the name begins as theirs.
const STORED = `fynlo.rt.heard.${restaurant.value?.id}`;
const EVERY_MS = 5_000;

/** Milliseconds of this machine's clock; 0: never. */
export const heardAt = signal(Number(localStorage.getItem(STORED)) || 0);

/** Keeps the time for as long as the page lives and is up to date. */
export function watchHearing() {
  effect(() => {
    const live = now.value && realtime.status.value.live;
    untracked(() => {
      if (!live || Date.now() - heardAt.value < EVERY_MS) return;
      heardAt.value = Date.now();
      try {
        localStorage.setItem(STORED, String(heardAt.value));
      } catch {
        // A full device says so already; this page still knows.
      }
    });
  });
}
