// A second person approves: who they are, and why where nobody has said it yet.
import { html, useLayoutEffect, useRef, useState } from "../view.js";
import { Dialog } from "./dialog.js";

/**
 * `why`: what needs whom; `asksReason`: whether its reason is missing; `fixed`: the reason was sent and stays. `said`:
 * what went wrong with the last try, anew for each. `onApprove({email, password, reason})`, `onCancel()`.
 */
export function ApprovalDialog({ why, asksReason = false, fixed = false, busy = false, said = null, onApprove, onCancel }) {
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [reason, setReason] = useState("");
  const form = useRef(null);
  useLayoutEffect(() => {
    if (!said) return;
    // A password is typed anew for each try.
    setPassword("");
    const field = form.current.elements[said.about || "approver-password"];
    field.focus();
    field.select();
  }, [said]);
  const submit = (event) => {
    event.preventDefault();
    if (!busy) onApprove({ email: email.trim(), password, reason: reason.trim() });
  };
  return html`<${Dialog} title="Somebody else approves" name="approval" onClose=${onCancel}>
    <form class="stack" onSubmit=${submit} ref=${form} autocomplete="off">
      <p>${why}</p>
      ${
        asksReason &&
        html`<label class="field">Reason
          <input name="approval-reason" maxlength="200" required readonly=${fixed} value=${reason}
            onInput=${(event) => setReason(event.target.value)} /></label>`
      }
      <label class="field">Their e-mail
        <input type="email" name="approver-email" autocomplete="off" required value=${email}
          onInput=${(event) => setEmail(event.target.value)} /></label>
      <label class="field">Their password
        <input type="password" name="approver-password" autocomplete="off" required value=${password}
          onInput=${(event) => setPassword(event.target.value)} />
        <small class="quiet">For this once: they are logged out again at once.</small></label>
      ${said && html`<p class="notice bad" role="alert" key=${said.at}>${said.words}</p>`}
      <div class="row spread">
        <button type="button" class="ghost" onClick=${onCancel}>Cancel</button>
        <button class="primary big" disabled=${busy}>${busy ? "Approving…" : "Approve"}</button>
      </div>
    </form>
  <//>`;
}
