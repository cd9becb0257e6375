// The log-in page: who, in which restaurant, and on to the till or the kitchen.
import { Door } from "./door.js";
import { Forgot } from "./forgot.js";
import { NewRestaurant } from "./new_restaurant.js";
import { ParkedAlarm } from "./parked_alarm.js";
import { say } from "./problem.js";
import { enter, logIn, logOut, restaurants, session } from "./session.js";
import { plain, roleName } from "./text.js";
import { Segmented } from "./ui.js";
import { html, render, useEffect, useState } from "./view.js";

const PAGES = {
  till: "/till",
  kitchen: "/kitchen",
  people: "/people",
  manage: "/manage",
  docs: "/docs",
  parked: "/platform/parked",
};
/** Pages that one works on in no restaurant. */
const OUTSIDE = ["parked"];
/** Where a device belongs; the other pages are visited. */
const DEVICES = ["till", "kitchen"];
const LAST_PAGE = "fynlo.page";
/** More restaurants than this are not found by looking. */
const SEARCH_FROM = 8;
const LAST_EMAIL = "fynlo.email";

function wantedPage() {
  const asked = new URLSearchParams(location.search).get("next") || localStorage.getItem(LAST_PAGE);
  return Object.hasOwn(PAGES, asked) ? asked : "till";
}

function go(page) {
  if (DEVICES.includes(page)) localStorage.setItem(LAST_PAGE, page);
  location.assign(PAGES[page]);
}

function SignIn({ page, setPage, onDone, onForgot }) {
  const [email, setEmail] = useState(localStorage.getItem(LAST_EMAIL) || "");
  const [password, setPassword] = useState("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState(null);
  const submit = async (event) => {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    try {
      const answer = await logIn(email.trim(), password);
      localStorage.setItem(LAST_EMAIL, email.trim());
      onDone(answer);
    } catch (refusal) {
      setProblem(refusal);
      setPassword("");
      setBusy(false);
    }
  };
  return html`<form class="stack" onSubmit=${submit}>
    <label class="field">E-mail
      <input type="email" name="email" autocomplete="username" required value=${email} autofocus=${!email}
        onInput=${(event) => setEmail(event.target.value)} />
    </label>
    <label class="field">Password
      <input type="password" name="password" autocomplete="current-password" required value=${password}
        autofocus=${Boolean(email)} onInput=${(event) => setPassword(event.target.value)} />
    </label>
    <div class="field">This device is the
      <${Segmented} label="This device is the" value=${page} onChange=${setPage}
        options=${[
          { value: "till", label: "Till" },
          { value: "kitchen", label: "Kitchen display" },
        ]} />
    </div>
    ${problem && html`<p class="notice bad" role="alert">${say(problem)}</p>`}
    <button class="primary big" disabled=${busy}>${busy ? "Logging in…" : "Log in"}</button>
    <button type="button" class="link" onClick=${onForgot}>Forgot your password?</button>
  </form>`;
}

function Choose({ page, onLeave }) {
  const [found, setFound] = useState(null);
  const [problem, setProblem] = useState(null);
  const [busy, setBusy] = useState("");
  const [search, setSearch] = useState("");
  const [adding, setAdding] = useState(false);
  const [added, setAdded] = useState(null);
  const load = () => restaurants().then(setFound, setProblem);
  useEffect(() => {
    load();
  }, []);
  const choose = async (id) => {
    setBusy(id);
    try {
      if (session.value.restaurant?.id !== id) await enter(id);
      go(page);
    } catch (refusal) {
      setProblem(refusal);
      setBusy("");
    }
  };
  const words = search.trim().toLowerCase();
  const shown = (found || []).filter((one) => (one.name || "").toLowerCase().includes(words));
  const leave = async () => {
    setBusy("leaving");
    await logOut();
    onLeave();
  };
  if (adding) {
    const done = (made) => {
      setAdded(made);
      setAdding(false);
      load();
    };
    return html`<${NewRestaurant} onDone=${done} onClose=${() => setAdding(false)} />`;
  }
  return html`<div class="stack">
    ${added && html`<p class="notice good" role="status"><bdi>${plain(added.name)}</bdi> is there. Its owner, ${added.owner.email}, is invited.</p>`}
    <${ParkedAlarm} />
    <p class="quiet">Hello ${plain(session.value.user.name)}. Where do you work today?</p>
    ${problem && html`<p class="notice bad" role="alert">${say(problem)}</p>`}
    ${!found && !problem && html`<p class="quiet">Looking up your restaurants…</p>`}
    ${found?.length === 0 && html`<p class="notice">You do not belong to a restaurant yet. Ask its owner to invite you.</p>`}
    ${
      found?.length > SEARCH_FROM &&
      html`<input
        type="search"
        placeholder="Find a restaurant"
        aria-label="Find a restaurant"
        value=${search}
        onInput=${(event) => setSearch(event.target.value)}
      />`
    }
    <ul class="choices">
      ${shown.map(
        (
          one,
        ) => html`<li key=${one.id}><button class="choice" disabled=${Boolean(busy)} onClick=${() => choose(one.id)}>
          <bdi>${plain(one.name)}</bdi><small>${one.role ? roleName(one.role) : ""}</small>
        </button></li>`,
      )}
    </ul>
    ${session.value.permissions.includes("restaurants.manage") && html`<button onClick=${() => setAdding(true)}>Add a restaurant</button>`}
    <button class="link" disabled=${Boolean(busy)} onClick=${leave}>Log in as somebody else</button>
  </div>`;
}

/** A device that was restarted goes on where it was; /login itself is for choosing anew. */
function goesOn() {
  return location.pathname === "/" && session.value?.restaurant && localStorage.getItem(LAST_PAGE);
}

function Page() {
  const [page, setPage] = useState(wantedPage());
  const held = session.value;
  const [choosing, setChoosing] = useState(Boolean(held));
  const [forgot, setForgot] = useState(new URLSearchParams(location.search).has("forgot"));
  const done = (answer) => {
    if (OUTSIDE.includes(page)) return go(page);
    const one = answer.restaurants.length === 1 && answer.role !== "platform_owner";
    if (answer.restaurant && one) return go(page);
    return setChoosing(true);
  };
  const inside = choosing && session.value && !forgot;
  return html`<${Door} foot=${html`<a class="link" href="/docs">API documentation</a>`}>
    ${inside && html`<${Choose} page=${page} onLeave=${() => setChoosing(false)} />`}
    ${forgot && html`<${Forgot} email=${localStorage.getItem(LAST_EMAIL) || ""} onClose=${() => setForgot(false)} />`}
    ${
      !inside &&
      !forgot &&
      html`<${SignIn} page=${page} setPage=${setPage} onDone=${done} onForgot=${() => setForgot(true)} />`
    }
  <//>`;
}

if (goesOn()) go(wantedPage());
else render(html`<${Page} />`, document.getElementById("page"));
