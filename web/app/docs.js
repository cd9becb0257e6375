// The API's documentation: how to begin, and every operation, drawn from /openapi.json.
import { noAnswer, say } from "./problem.js";
import { html, render, useEffect, useMemo, useState } from "./view.js";
import { CHAPTERS, Guide } from "./docs/guide.js";
import { fieldsOf, operationsOf } from "./docs/spec.js";
import { TryIt } from "./docs/try_it.js";

const TITLES = { "x-permission": "Permission" };

function Field({ field }) {
  return html`<tr><th scope="row"><code>${field.name}</code>${field.required && html`<small class="required">required</small>`}</th>
    <td><code>${field.type}</code></td><td>${field.about}</td></tr>`;
}

const Fields = ({ fields }) =>
  fields.length > 0 &&
  html`<table class="fields"><tbody>${fields.map((field) => html`<${Field} key=${field.name} field=${field} />`)}</tbody></table>`;

const Example = ({ value }) =>
  value !== undefined &&
  html`<pre class="example"><code>${typeof value === "string" ? value : JSON.stringify(value, null, 2)}</code></pre>`;

function Operation({ operation, spec, open }) {
  const [shown, setShown] = useState(open);
  useEffect(() => setShown(open), [open]);
  return html`<details class="operation" id=${operation.id} open=${shown} onToggle=${(event) => setShown(event.currentTarget.open)}>
    <summary><span class="method ${operation.method}">${operation.method.toUpperCase()}</span><code class="path">${operation.path}</code>
      <span class="about">${operation.summary}</span>
      <a class="anchor" href=${`#${operation.id}`} aria-label=${`Link to ${operation.summary}`} title="Link to this operation">#</a></summary>
    ${shown && html`<${Details} operation=${operation} spec=${spec} />`}
  </details>`;
}

function Details({ operation, spec }) {
  const { permission, description, parameters, body, answers, errors } = operation;
  return html`<div class="details stack">
    <p>${description}</p>
    <p class="quiet">${TITLES["x-permission"]}: <code>${permission}</code></p>
    ${parameters.length > 0 && html`<h4>Parameters</h4><${Fields} fields=${parameters} />`}
    ${body.map(
      (one) => html`<section key=${one.type}><h4>Body <small class="quiet">${one.type}</small></h4>
      <${Fields} fields=${fieldsOf(one.schema, spec)} /><${Example} value=${one.example} /></section>`,
    )}
    ${answers.map(
      (one) => html`<section key=${one.status}><h4>Answer <span class="status good">${one.status}</span></h4>
      <${Fields} fields=${fieldsOf(one.schema, spec)} /><${Example} value=${one.example} /></section>`,
    )}
    ${
      errors.length > 0 &&
      html`<h4>Errors</h4><table class="fields"><tbody>
      ${errors.map(
        (one) => html`<tr key=${one.status}><th scope="row"><span class="status bad">${one.status}</span></th>
        <td>${one.codes.map((code) => html`<code key=${code}>${code}</code> `)}</td><td>${one.about}</td></tr>`,
      )}
    </tbody></table>`
    }
    <${TryIt} operation=${operation} />
  </div>`;
}

function Page() {
  const [spec, setSpec] = useState(null);
  const [problem, setProblem] = useState(null);
  const [search, setSearch] = useState("");
  useEffect(() => {
    fetch("/openapi.json")
      .then((answer) => (answer.ok ? answer.json() : Promise.reject(noAnswer())))
      .then(setSpec, () => setProblem(noAnswer()));
  }, []);
  const all = useMemo(() => (spec ? operationsOf(spec) : []), [spec]);
  const words = search.trim().toLowerCase().split(/\s+/).filter(Boolean);
  const found = all.filter((operation) => words.every((word) => operation.text.includes(word)));
  const tags = [...new Set(found.map((operation) => operation.tag))];
  const [linked, setLinked] = useState(location.hash.slice(1));
  useEffect(() => {
    const follow = () => setLinked(location.hash.slice(1));
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }, []);
  useEffect(() => {
    if (spec && linked) document.getElementById(linked)?.scrollIntoView();
  }, [spec, linked]);
  if (problem) return html`<main class="docs"><p class="notice bad" role="alert">${say(problem)}</p></main>`;
  if (!spec) return html`<main class="docs"><p class="quiet">Loading…</p></main>`;
  return html`<div class="docs">
    <aside>
      <a class="brand" href="/"><img src="/web/icon.svg" alt="" width="32" height="32" />${spec.info.title}</a>
      <p class="quiet">${spec.info.summary} · ${all.length} operations</p>
      <input type="search" placeholder="Search: path, word, permission, error" aria-label="Search" value=${search} onInput=${(event) => setSearch(event.target.value)} />
      <nav aria-label="Guide">${CHAPTERS.map(([id, title]) => html`<a class="chapter" key=${id} href=${`#${id}`}>${title}</a>`)}</nav>
      <nav aria-label="Operations">${tags.map((tag) => html`<a key=${tag} href=${`#tag-${tag}`}>${tag} <span class="badge">${found.filter((one) => one.tag === tag).length}</span></a>`)}</nav>
      <a class="quiet" href="/openapi.json">openapi.json</a>
    </aside>
    <main>
      ${words.length === 0 && html`<${Guide} spec=${spec} />`}
      ${tags.map(
        (tag) => html`<section key=${tag}><h2 id=${`tag-${tag}`}>${tag}</h2>
          ${found.filter((one) => one.tag === tag).map((one) => html`<${Operation} key=${one.id} operation=${one} spec=${spec} open=${linked === one.id || (words.length > 0 && found.length <= 3)} />`)}
        </section>`,
      )}
      ${found.length === 0 && html`<p class="empty">Nothing fits “${search}”.</p>`}
    </main>
  </div>`;
}

render(html`<${Page} />`, document.getElementById("page"));
