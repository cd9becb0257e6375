// The field with which somebody sets a password of their own.
import { html } from "./view.js";

export const PASSWORD_CHARS_MIN = 12;

export function NewPassword({ value, onChange, problem, label = "Choose a password", focus = true }) {
  const wrong = problem?.code === "weak_password" || problem?.code === "password_required";
  return html`<label class="field">${label}
    <input type="password" name="new-password" autocomplete="new-password" required minlength=${PASSWORD_CHARS_MIN}
      autofocus=${focus} aria-describedby="password-rule" aria-invalid=${wrong} value=${value}
      onInput=${(event) => onChange(event.target.value)} />
    <small class="quiet" id="password-rule">At least ${PASSWORD_CHARS_MIN} characters. A few words that only you put together are best.</small>
  </label>`;
}
