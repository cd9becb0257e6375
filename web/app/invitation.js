// Taking up an invitation: the link proves the mailbox, the password is the person's own.
import { Door } from "./door.js";
import { fetchJson } from "./http.js";
import { forgetLink, linkSecret } from "./link.js";
import { NewPassword } from "./new_password.js";
import { say } from "./problem.js";
import { startSession } from "./session.js";
import { deviceId } from "./tab.js";
import { plain, roleName } from "./text.js";
import { html, render, useEffect, useState } from "./view.js";

const PAGE = "invitation";
const LAST_EMAIL = "fynlo.email";
const token = linkSecret(PAGE);
const SPENT = ["link_invalid", "link_expired"];

function Accept({ asked, onSpent }) {
  const [name, setName] = useState(asked.name || "");
  const [password, setPassword] = useState("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState(null);
  const submit = async (event) => {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    setProblem(null);
    const body = { token, password, device_id: deviceId(), client: "web" };
    if (!asked.has_account) body.name = name.trim();
    try {
      const answer = (await fetchJson("POST", "/invitations/accept", { body })).body;
      forgetLink(PAGE);
      localStorage.setItem(LAST_EMAIL, asked.email);
      startSession(answer);
      // The log-in page asks where to work and what this device is.
      location.replace("/login");
    } catch (refusal) {
      if (SPENT.includes(refusal.code)) {
        onSpent(refusal);
        return;
      }
      setProblem(refusal);
      setBusy(false);
    }
  };
  return html`<form class="stack" onSubmit=${submit}>
    <h2>Join <bdi>${plain(asked.restaurant)}</bdi></h2>
    <p class="quiet">Your role there: ${roleName(asked.role)}.</p>
    <label class="field">E-mail
      <input type="email" name="email" autocomplete="username" readonly value=${asked.email} />
    </label>
    ${
      asked.has_account
        ? html`<label class="field">Your Fynlo password
            <input type="password" name="password" autocomplete="current-password" required autofocus value=${password}
              onInput=${(event) => setPassword(event.target.value)} />
          </label>
          <p class="quiet">This address has an account already. It keeps its password.
            <a href="/login?forgot">Forgot it?</a></p>`
        : html`<label class="field">Your name
              <input name="name" autocomplete="name" required maxlength="120" value=${name}
                onInput=${(event) => setName(event.target.value)} />
            </label>
            <${NewPassword} value=${password} onChange=${setPassword} problem=${problem} focus=${false} />`
    }
    ${problem && html`<p class="notice bad" role="alert">${say(problem)}</p>`}
    <button class="primary big" disabled=${busy}>${busy ? "Joining…" : "Accept and log in"}</button>
  </form>`;
}

function Page() {
  const [asked, setAsked] = useState(null);
  const [problem, setProblem] = useState(null);
  const look = () => {
    setProblem(null);
    fetchJson("POST", "/invitations/preview", { body: { token } }).then((answer) => setAsked(answer.body), setProblem);
  };
  useEffect(() => {
    if (token) look();
  }, []);
  const spent = !token || SPENT.includes(problem?.code);
  return html`<${Door} foot=${html`<a class="link" href="/login">Log in</a>`}>
    ${
      spent &&
      html`<div class="stack">
        <h2>This invitation does not work any more</h2>
        <p>${problem ? say(problem) : "Open the link in the mail once more."}</p>
        <p class="quiet">If you have joined already, log in. Otherwise ask the restaurant to invite you again.</p>
      </div>`
    }
    ${!spent && !asked && !problem && html`<p class="quiet">Looking up your invitation…</p>`}
    ${
      !spent &&
      problem &&
      html`<div class="stack"><p class="notice bad" role="alert">${say(problem)}</p>
        <button class="primary" onClick=${look}>Try again</button></div>`
    }
    ${asked && !spent && html`<${Accept} asked=${asked} onSpent=${setProblem} />`}
  <//>`;
}

render(html`<${Page} />`, document.getElementById("page"));
