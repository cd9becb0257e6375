// Setting a new password with the link from a mail. Every session of the person ends.
import { Door } from "./door.js";
import { fetchJson } from "./http.js";
import { forgetLink, linkSecret } from "./link.js";
import { NewPassword } from "./new_password.js";
import { say } from "./problem.js";
import { forget } from "./session.js";
import { html, render, useState } from "./view.js";

const PAGE = "reset";
const token = linkSecret(PAGE);
const SPENT = ["link_invalid", "link_expired"];

function Page() {
  const [password, setPassword] = useState("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState(null);
  const [done, setDone] = useState(false);
  const submit = async (event) => {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    setProblem(null);
    try {
      await fetchJson("POST", "/auth/password/reset", { body: { token, password } });
      forgetLink(PAGE);
      forget({ wipe: true });
      setDone(true);
    } catch (refusal) {
      setProblem(refusal);
      setBusy(false);
    }
  };
  const spent = !done && (!token || SPENT.includes(problem?.code));
  return html`<${Door} foot=${html`<a class="link" href="/login">Log in</a>`}>
    ${
      done &&
      html`<div class="stack">
        <p class="notice good" role="status">Your new password is set, and all your devices are logged out.</p>
        <a class="button primary big" href="/login">Log in</a>
      </div>`
    }
    ${
      spent &&
      html`<div class="stack">
        <h2>This link does not work any more</h2>
        <p>${problem ? say(problem) : "Open the link in the mail once more."}</p>
        <p class="quiet"><a href="/login?forgot">Ask for a new link</a></p>
      </div>`
    }
    ${
      !done &&
      !spent &&
      html`<form class="stack" onSubmit=${submit}>
        <h2>Set a new password</h2>
        <${NewPassword} label="New password" value=${password} onChange=${setPassword} problem=${problem} />
        ${problem && html`<p class="notice bad" role="alert">${say(problem)}</p>`}
        <button class="primary big" disabled=${busy}>${busy ? "Saving…" : "Save and log out everywhere"}</button>
      </form>`
    }
  <//>`;
}

render(html`<${Page} />`, document.getElementById("page"));
