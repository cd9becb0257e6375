// Asking for a link to set a new password. The answer is the same whoever asks.
import { fetchJson } from "./http.js";
import { say } from "./problem.js";
import { html, useState } from "./view.js";

export function Forgot({ email: known, onClose }) {
  const [email, setEmail] = useState(known);
  const [sent, setSent] = useState(false);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState(null);
  const submit = async (event) => {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    setProblem(null);
    try {
      await fetchJson("POST", "/auth/password/forgot", { body: { email: email.trim() } });
      setSent(true);
    } catch (refusal) {
      setProblem(refusal);
    }
    setBusy(false);
  };
  if (sent) {
    return html`<div class="stack">
      <h2>Look into your mail</h2>
      <p role="status">If ${email.trim()} has an account, a link to set a new password is on its way. It works for an hour.</p>
      <button class="link" onClick=${onClose}>Back to the log-in</button>
    </div>`;
  }
  return html`<form class="stack" onSubmit=${submit}>
    <h2>Forgot your password?</h2>
    <label class="field">E-mail
      <input type="email" name="email" autocomplete="username" required autofocus value=${email}
        onInput=${(event) => setEmail(event.target.value)} />
    </label>
    ${problem && html`<p class="notice bad" role="alert">${say(problem)}</p>`}
    <button class="primary big" disabled=${busy}>${busy ? "Sending…" : "Send me a link"}</button>
    <button type="button" class="link" onClick=${onClose}>Back to the log-in</button>
  </form>`;
}
