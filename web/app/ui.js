// What several pages show: dialogs, toasts, the state of the connection.
import { now } from "./clock.js";
import { html, signal, useEffect, useRef } from "./view.js";

const TOAST_MS = 6_000;
const TOASTS_MAX = 4;
let toastNumber = 0;

/** Short notices: [{id, text, tone, action?: {label, run}}]. */
export const toasts = signal([]);

/** Shows a notice for some seconds. `tone`: "good", "bad" or "". */
export function toast(text, { tone = "", action = null, milliseconds = TOAST_MS } = {}) {
  toastNumber += 1;
  const id = toastNumber;
  toasts.value = [...toasts.value, { id, text, tone, action }].slice(-TOASTS_MAX);
  setTimeout(() => dismiss(id), milliseconds);
}

function dismiss(id) {
  toasts.value = toasts.value.filter((one) => one.id !== id);
}

export function Toasts() {
  return html`<div class="toasts" role="status" aria-live="polite">
    ${toasts.value.map(
      (one) => html`<div class="toast ${one.tone}" key=${one.id}>
        <span>${one.text}</span>
        ${
          one.action &&
          html`<button class="link" onClick=${() => (dismiss(one.id), one.action.run())}>${one.action.label}</button>`
        }
        <button class="icon" aria-label="Dismiss" onClick=${() => dismiss(one.id)}>×</button>
      </div>`,
    )}
  </div>`;
}

/** A modal dialog. `onClose` also answers Escape and a tap outside. */
export function Dialog({ title, onClose, children, wide = false, name = "" }) {
  const element = useRef(null);
  useEffect(() => {
    const dialog = element.current;
    dialog.showModal();
    return () => dialog.close();
  }, []);
  const cancel = (event) => {
    event.preventDefault();
    onClose();
  };
  const outside = (event) => event.target === element.current && onClose();
  return html`<dialog ref=${element} class=${wide ? "wide" : ""} data-dialog=${name} aria-label=${title}
    onCancel=${cancel} onMouseDown=${outside}>
    <div class="sheet">
      <header><h2>${title}</h2><button class="icon" aria-label="Close" onClick=${onClose}>×</button></header>
      ${children}
    </div>
  </dialog>`;
}

/** A choice of few, all visible: [{value, label}]. */
export function Segmented({ label, value, options, onChange }) {
  return html`<div class="segmented" role="radiogroup" aria-label=${label}>
    ${options.map(
      (option) => html`<button type="button" role="radio" aria-checked=${option.value === value} key=${option.value}
        onClick=${() => onChange(option.value)}>${option.label}</button>`,
    )}
  </div>`;
}

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
