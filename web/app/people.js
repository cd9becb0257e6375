// Who works here: inviting people, what became of it, roles, and one's own password.
import { command, get } from "./api.js";
import { newId } from "./ids.js";
import { NewPassword } from "./new_password.js";
import { say } from "./problem.js";
import { logOut, may, requireSession, restaurant, session } from "./session.js";
import { plain, roleName } from "./text.js";
import { Dialog, Toasts, toast } from "./ui.js";
import { html, render, signal, useEffect, useState } from "./view.js";

const PAGE_SIZE = 200;
const ROLES = ["employee", "manager", "restaurant_owner"];
const RANKS = [...ROLES, "platform_owner"];

const people = signal(null);
const trouble = signal(null);
const asked = signal(null);

/** The roles that this person may give. */
function grantable() {
  return ROLES.filter((role) => RANKS.indexOf(role) <= RANKS.indexOf(session.value.role));
}

async function load() {
  try {
    const found = [];
    let cursor = "";
    do {
      const page = await get(`/members?limit=${PAGE_SIZE}&cursor=${encodeURIComponent(cursor)}`);
      found.push(...page.items);
      cursor = page.next_cursor;
    } while (cursor);
    people.value = found;
    trouble.value = null;
  } catch (problem) {
    trouble.value = problem;
  }
}

/** One command, once however often it is tapped; then the list anew. */
function useCommand() {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState(null);
  const run = async (act, done) => {
    if (busy) return;
    setBusy(true);
    setProblem(null);
    try {
      await act();
      done?.();
      await load();
    } catch (refusal) {
      setProblem(refusal);
    }
    setBusy(false);
  };
  return { busy, problem, run };
}

function RolePicker({ value, onChange, label, disabled = false }) {
  return html`<select aria-label=${label} value=${value} disabled=${disabled} onChange=${(event) => onChange(event.target.value)}>
    ${grantable().map((role) => html`<option key=${role} value=${role}>${roleName(role)}</option>`)}
  </select>`;
}

function Invite() {
  const [email, setEmail] = useState("");
  const [name, setName] = useState("");
  const [role, setRole] = useState("employee");
  const [key, setKey] = useState(newId());
  const { busy, problem, run } = useCommand();
  const submit = (event) => {
    event.preventDefault();
    const body = { email: email.trim(), role, name: name.trim() };
    run(
      () => command("/invitations", body, { key }),
      () => {
        toast(`A link is on its way to ${body.email}`, { tone: "good" });
        setEmail("");
        setName("");
        setKey(newId());
      },
    );
  };
  const changed = (set) => (value) => {
    set(value);
    setKey(newId());
  };
  return html`<section class="panel stack">
    <h2>Invite somebody</h2>
    <form class="invite" onSubmit=${submit}>
      <label class="field">E-mail
        <input type="email" name="invitee" autocomplete="off" required value=${email}
          onInput=${(event) => changed(setEmail)(event.target.value)} />
      </label>
      <label class="field">Name
        <input name="invitee-name" autocomplete="off" maxlength="120" value=${name}
          onInput=${(event) => changed(setName)(event.target.value)} />
      </label>
      <label class="field wide">Works as
        <${RolePicker} label="Works as" value=${role} onChange=${changed(setRole)} />
      </label>
      ${problem && html`<p class="notice bad wide" role="alert">${say(problem)}</p>`}
      <button class="primary wide" disabled=${busy}>${busy ? "Sending…" : "Send the invitation"}</button>
    </form>
  </section>`;
}

function Pending({ person }) {
  const { busy, problem, run } = useCommand();
  const again = { email: person.email, role: person.role, name: person.name || "" };
  const resend = () =>
    run(
      () => command("/invitations", again),
      () => toast(`A new link is on its way to ${person.email}`, { tone: "good" }),
    );
  const revoke = () =>
    run(
      () => command(`/invitations/${person.invitation_id}`, undefined, { method: "DELETE" }),
      () => toast("Withdrawn", { action: { label: "Undo", run: resend } }),
    );
  const mine = grantable().includes(person.role);
  return html`<${Row} person=${person} problem=${problem} badge="Invited">
    ${mine && html`<button disabled=${busy} onClick=${resend}>Send again</button>`}
    ${mine && html`<button class="danger" disabled=${busy} onClick=${revoke}>Withdraw</button>`}
  <//>`;
}

function Member({ person }) {
  const { busy, problem, run } = useCommand();
  const self = person.user_id === session.value.user.id;
  const mayChange = may("members.manage") && !self && grantable().includes(person.role);
  const change = (role) =>
    run(
      () => command(`/members/${person.user_id}`, { role }, { method: "PUT" }),
      () => toast(`${plain(person.name)} works as ${roleName(role)} now`, { tone: "good" }),
    );
  return html`<${Row} person=${person} problem=${problem} badge=${self ? "You" : ""}>
    ${
      mayChange
        ? html`<${RolePicker} label=${`Role of ${plain(person.name)}`} value=${person.role} disabled=${busy} onChange=${change} />
            <button class="danger" disabled=${busy} onClick=${() => (asked.value = person)}>Remove</button>`
        : html`<span class="quiet">${roleName(person.role)}</span>`
    }
  <//>`;
}

function Row({ person, problem, badge, children }) {
  return html`<li class="person-row" data-person=${person.email} data-state=${person.state}>
    <div class="who">
      <span class="row"><strong><bdi>${plain(person.name || person.email)}</bdi></strong>
        ${badge && html`<span class="badge ${person.state === "pending" ? "warn" : ""}">${badge}</span>`}</span>
      <small class="quiet"><bdi>${plain(person.email)}</bdi>${person.state === "pending" ? ` · ${roleName(person.role)}` : ""}</small>
    </div>
    <div class="acts">${children}</div>
    ${problem && html`<p class="notice bad" role="alert">${say(problem)}</p>`}
  </li>`;
}

function People() {
  const found = people.value;
  return html`<section class="panel">
    <h2>People</h2>
    ${trouble.value && html`<p class="notice bad" role="alert">${say(trouble.value)} <button class="link" onClick=${load}>Try again</button></p>`}
    ${!found && !trouble.value && html`<p class="quiet">Looking up who works here…</p>`}
    ${found?.length === 0 && html`<p class="empty">Nobody yet. Invite the first one.</p>`}
    <ul>
      ${(found || []).map((person) =>
        person.state === "pending"
          ? html`<${Pending} key=${person.invitation_id} person=${person} />`
          : html`<${Member} key=${person.user_id} person=${person} />`,
      )}
    </ul>
  </section>`;
}

function Remove({ person }) {
  const { busy, problem, run } = useCommand();
  const close = () => (asked.value = null);
  const remove = () =>
    run(
      () => command(`/members/${person.user_id}`, undefined, { method: "DELETE" }),
      () => {
        close();
        toast(`${plain(person.name)} has no access any more`);
      },
    );
  return html`<${Dialog} title=${`Remove ${plain(person.name)}?`} onClose=${close} name="remove">
    <div class="stack">
      <p>They are logged out here at once. To come back they need a new invitation.</p>
      ${problem && html`<p class="notice bad" role="alert">${say(problem)}</p>`}
      <div class="row">
        <button autofocus onClick=${close}>Keep them</button>
        <button class="danger" disabled=${busy} onClick=${remove}>Remove</button>
      </div>
    </div>
  <//>`;
}

function OwnPassword() {
  const [current, setCurrent] = useState("");
  const [wanted, setWanted] = useState("");
  const { busy, problem, run } = useCommand();
  const submit = (event) => {
    event.preventDefault();
    run(
      () => command("/auth/password", { current, new: wanted }),
      () => {
        setCurrent("");
        setWanted("");
        toast("Changed. Your other devices are logged out.", { tone: "good" });
      },
    );
  };
  return html`<section class="panel stack">
    <h2>Your password</h2>
    <form class="stack" onSubmit=${submit}>
      <input type="email" name="email" autocomplete="username" hidden readonly value=${session.value.user.email} />
      <label class="field">Present password
        <input type="password" name="password" autocomplete="current-password" required value=${current}
          onInput=${(event) => setCurrent(event.target.value)} />
      </label>
      <${NewPassword} label="New password" value=${wanted} onChange=${setWanted} problem=${problem} focus=${false} />
      ${problem && html`<p class="notice bad" role="alert">${say(problem)}</p>`}
      <button disabled=${busy}>${busy ? "Changing…" : "Change it"}</button>
    </form>
  </section>`;
}

function Page() {
  useEffect(() => {
    if (may("members.invite")) load();
  }, []);
  if (!session.value) return null;
  return html`<div>
    <header class="top spread">
      <span class="brand"><img src="/web/icon.svg" alt="" width="28" height="28" /><bdi>${plain(restaurant.value?.name)}</bdi></span>
      <span class="row"><a class="link" href="/till">Till</a><a class="link" href="/kitchen">Kitchen</a>
        <button class="link" onClick=${logOut}>Log out</button></span>
    </header>
    <main class="people-page stack">
      ${may("members.invite") && html`<${Invite} /><${People} />`}
      <${OwnPassword} />
    </main>
    ${asked.value && html`<${Remove} key=${asked.value.user_id} person=${asked.value} />`}
    <${Toasts} />
  </div>`;
}

if (requireSession("people")) render(html`<${Page} />`, document.getElementById("page"));
