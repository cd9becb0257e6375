// Two versions of one thing, field by field: what somebody typed, and what somebody else saved meanwhile.
import { plain } from "../text.js";
import { Dialog, Segmented } from "../ui.js";
import { html, useState } from "../view.js";

const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
const SIDES = [
  { value: "mine", label: "Yours" },
  { value: "theirs", label: "Theirs" },
];

/**
 * `base`, `mine`, `theirs`: values by field name; `fields`: {name: label}; `words(name, value)`: a value for people. What only
 * one has changed is taken from that one to begin with. `onDone(values)`, `onClose()`: back to what was typed.
 */
export function Compare({ title, fields, words, base, mine, theirs, onDone, onClose }) {
  const names = Object.keys(fields).filter((name) => !same(mine[name], theirs[name]));
  const [sides, setSides] = useState(() =>
    Object.fromEntries(names.map((name) => [name, same(mine[name], base[name]) ? "theirs" : "mine"])),
  );
  const finish = (event) => {
    event.preventDefault();
    const taken = names.filter((name) => sides[name] === "mine").map((name) => [name, mine[name]]);
    onDone({ ...theirs, ...Object.fromEntries(taken) });
  };
  return html`<${Dialog} title=${title} name="compare" wide onClose=${onClose}>
    <form class="stack" onSubmit=${finish}>
      <p>Somebody else saved it while you were typing. Choose what shall stand; then save.</p>
      ${names.length === 0 && html`<p class="notice good">Both of you have changed the same, in the same way.</p>`}
      ${names.map(
        (name) => html`<section class="compare" key=${name} data-field=${name}>
          <h3>${fields[name]}</h3>
          <${Segmented} label=${`${fields[name]}: whose`} value=${sides[name]} options=${SIDES}
            onChange=${(side) => setSides({ ...sides, [name]: side })} />
          <dl>
            <div data-chosen=${sides[name] === "mine"}><dt>Yours</dt><dd><bdi>${plain(words(name, mine[name])) || "–"}</bdi></dd></div>
            <div data-chosen=${sides[name] === "theirs"}><dt>Theirs</dt><dd><bdi>${plain(words(name, theirs[name])) || "–"}</bdi></dd></div>
          </dl>
        </section>`,
      )}
      <div class="row spread"><button type="button" class="ghost" onClick=${onClose}>Back</button>
        <button class="primary big">Save like this</button></div>
    </form>
  <//>`;
}
