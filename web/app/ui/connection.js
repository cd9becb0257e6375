// The state of the connection, in words.
import { now } from "../clock.js";
import { html } from "../view.js";

const STOPPED = {
  4500: "This page is out of date",
  4501: "Log in again",
  4502: "You were logged out",
  4503: "Opened for another restaurant",
  4504: "Too many devices are connected",
  4509: "Opened somewhere else",
};

/** What the status of the connection means: {tone, text}. */
export function connectionWords(status, at) {
  if (status.phase === "stopped") return { tone: "bad", text: STOPPED[status.code] || "Disconnected" };
  if (status.live) return { tone: "good", text: "Live" };
  if (status.phase === "open") return { tone: "warn", text: "Catching up…" };
  if (status.phase === "waiting" && status.at - at > 1500) {
    return { tone: "bad", text: `Offline – trying in ${Math.ceil((status.at - at) / 1000)} s` };
  }
  return { tone: "bad", text: "Connecting…" };
}

/** Always on the screen: whether what one sees is what is. */
export function Connection({ realtime }) {
  const status = realtime.status.value;
  // Read so that the seconds count down.
  const tick = now.value;
  const words = connectionWords(status, tick ? Date.now() : 0);
  return html`<span class="connection ${words.tone}" role="status" data-connection=${status.live ? "live" : status.phase}>
    <i class="dot"></i>${words.text}
    ${status.phase === "stopped" && html`<button class="link" onClick=${() => location.reload()}>Reload</button>`}
  </span>`;
}
