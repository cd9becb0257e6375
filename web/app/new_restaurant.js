// A platform owner adds a restaurant: its owner is invited.
import { command } from "./api.js";
import { newId } from "./ids.js";
import { say } from "./problem.js";
import { html, useState } from "./view.js";

export function NewRestaurant({ onDone, onClose }) {
  const [name, setName] = useState("");
  const [owner, setOwner] = useState("");
  const [email, setEmail] = useState("");
  const [key, setKey] = useState(newId());
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState(null);
  const typed = (set) => (event) => {
    set(event.target.value);
    setKey(newId());
  };
  const submit = async (event) => {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    setProblem(null);
    try {
      const body = { name: name.trim(), owner_name: owner.trim(), owner_email: email.trim() };
      onDone(await command("/platform/restaurants", body, { key }));
    } catch (refusal) {
      setProblem(refusal);
      setBusy(false);
    }
  };
  return html`<form class="stack" onSubmit=${submit}>
    <h2>Add a restaurant</h2>
    <label class="field">Name of the restaurant<input name="restaurant" required autofocus maxlength="120" value=${name} onInput=${typed(setName)} /></label>
    <label class="field">Its owner's name<input name="owner" autocomplete="off" required maxlength="120" value=${owner} onInput=${typed(setOwner)} /></label>
    <label class="field">Its owner's e-mail<input type="email" name="owner-email" autocomplete="off" required value=${email} onInput=${typed(setEmail)} /></label>
    <p class="quiet">The owner gets a link by mail and sets a password of their own.</p>
    ${problem && html`<p class="notice bad" role="alert">${say(problem)}</p>`}
    <button class="primary big" disabled=${busy}>${busy ? "Adding…" : "Add and invite the owner"}</button>
    <button type="button" class="link" onClick=${onClose}>Back</button>
  </form>`;
}
