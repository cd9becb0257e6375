// Mail that stays on this machine: every mail with its link, newest first. For people who develop.
import { say } from "./problem.js";
import { Problem, noAnswer } from "./problem.js";
import { plain } from "./text.js";
import { html, render, useEffect, useState } from "./view.js";

const LOOK_MS = 2_000;

async function mails() {
  let answer;
  try {
    answer = await fetch("/outbox/mails", { cache: "no-store", credentials: "omit" });
  } catch {
    throw noAnswer();
  }
  if (!answer.ok) throw new Problem(answer.status, { code: `http_${answer.status}`, detail: "The outbox does not answer." });
  return (await answer.json()).items;
}

function Page() {
  const [found, setFound] = useState(null);
  const [problem, setProblem] = useState(null);
  useEffect(() => {
    const look = () =>
      mails().then((items) => {
        setFound(items);
        setProblem(null);
      }, setProblem);
    look();
    const timer = setInterval(look, LOOK_MS);
    return () => clearInterval(timer);
  }, []);
  return html`<main class="people-page stack">
    <h1>Outbox</h1>
    <p class="notice warn">Mail that would have been sent. It stays on this machine; its links are secrets of their recipients.</p>
    ${problem && html`<p class="notice bad" role="alert">${say(problem)}</p>`}
    ${found?.length === 0 && html`<p class="empty">No mail yet. Invite somebody, or forget a password.</p>`}
    <ul class="stack">
      ${(found || []).map(
        (mail) => html`<li class="panel mail" key=${mail.id} data-recipient=${mail.recipient}>
          <header class="row spread">
            <strong><bdi>${plain(mail.subject)}</bdi></strong>
            <time datetime=${mail.sent_at}>${new Date(mail.sent_at).toLocaleTimeString()}</time>
          </header>
          <p class="quiet">to <bdi>${plain(mail.recipient)}</bdi></p>
          <pre>${plain(mail.text)}</pre>
          ${mail.link && html`<a class="button primary" href=${mail.link} target="_blank" rel="noreferrer">Open the link</a>`}
        </li>`,
      )}
    </ul>
  </main>`;
}

render(html`<${Page} />`, document.getElementById("page"));
