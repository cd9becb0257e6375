// One promotion: how much, off what, when; and what it would take off.
import { command } from "../api.js";
import { menu } from "../menu.js";
import { money } from "../money.js";
import { currency } from "../session.js";
import { plain } from "../text.js";
import { Dialog, PriceField, Refusal, rove, Segmented, toast, WeekHours } from "../ui.js";
import { html, useState } from "../view.js";
import { Compare } from "./compare.js";
import { scopeWords, timeWords, valueWords } from "./promotions.js";

const NAME_MAX = 60;
const CHOSEN_MAX = 200;
const STALE = 412;
const BASIS_POINTS = 100;
const ALL = 10_000;
const PERCENT_MAX = 100;
const QUICK_PERCENT = [10, 20, 25, 50];
const HAPPY_HOUR = { from_minutes: 1020, until_minutes: 1140 };
const KINDS = [
  { value: "percent", label: "Percent" },
  { value: "amount", label: "Amount" },
];
const SCOPES = [
  { value: "items", label: "Items" },
  { value: "categories", label: "Categories" },
  { value: "order", label: "Whole order" },
];
const BLANK = {
  name: "",
  kind: "percent",
  value_bp: null,
  value_minor: null,
  scope: "categories",
  item_ids: [],
  category_ids: [],
  weekdays: [],
  ...HAPPY_HOUR,
  effective_from: null,
  effective_until: null,
  active: true,
};
const FIELDS = { name: "Name", value: "Off", scope: "Off what", time: "When", active: "On" };
const PARTS = {
  name: ["name"],
  value: ["kind", "value_bp", "value_minor"],
  scope: ["scope", "item_ids", "category_ids"],
  time: ["weekdays", "from_minutes", "until_minutes", "effective_from", "effective_until"],
  active: ["active"],
};

/** What is compared as one: {value: {kind, value_bp, value_minor}, ...}, and back. */
const inParts = (said) =>
  Object.fromEntries(Object.entries(PARTS).map(([part, names]) => [part, Object.fromEntries(names.map((name) => [name, said[name]]))]));
const asOne = (parts) => Object.assign({}, ...Object.values(parts));
const WORDS = {
  name: ({ name }) => name,
  value: valueWords,
  scope: scopeWords,
  time: timeWords,
  active: ({ active }) => (active ? "yes" : "no"),
};

/** As the server takes it: of the two values that of its kind, of the two lists that of its scope. */
function sent(said) {
  const { id, version, ...rest } = said;
  return {
    ...rest,
    name: said.name.trim(),
    value_bp: said.kind === "percent" ? said.value_bp : null,
    value_minor: said.kind === "amount" ? said.value_minor : null,
    item_ids: said.scope === "items" ? said.item_ids : [],
    category_ids: said.scope === "categories" ? said.category_ids : [],
  };
}

function missing(said) {
  if (!said.name.trim()) return { name: "Give it a name." };
  if (!(said.kind === "percent" ? said.value_bp : said.value_minor)) return { value: "Say how much is taken off." };
  if (said.scope === "items" && !said.item_ids.length) return { scope: "Choose the items." };
  if (said.scope === "categories" && !said.category_ids.length) return { scope: "Choose the categories." };
  if (said.effective_from && said.effective_until && said.effective_until < said.effective_from) {
    return { dates: "It ends on the day it begins, or later." };
  }
  return {};
}

/** `promotion`: {} for a new one. `find(id)`: it as it is now. `onClose(changed)`. */
export function PromotionDialog({ promotion, find, onReload, onRemove, onClose }) {
  const [base, setBase] = useState(promotion);
  const [said, setSaid] = useState({ ...BLANK, ...promotion });
  const [faults, setFaults] = useState({});
  const [state, setState] = useState({ busy: false, problem: null, theirs: null });
  const change = (next) => {
    setSaid({ ...said, ...next });
    setFaults({});
  };
  const save = async (values, seen) => {
    const lacking = missing(values);
    setFaults(lacking);
    if (Object.keys(lacking).length || state.busy) return;
    setState({ busy: true, problem: null, theirs: null });
    try {
      await command(base.id ? `/promotions/${base.id}` : "/promotions", sent(values), base.id ? { method: "PUT", seen } : {});
      toast(`${plain(values.name)} is saved`, { tone: "good" });
      onClose(true);
    } catch (problem) {
      if (problem.status === STALE) await onReload();
      const theirs = problem.status === STALE ? find(base.id) : null;
      setState({ busy: false, problem: theirs ? null : problem, theirs });
    }
  };
  const settle = (parts) => {
    const values = { ...said, ...asOne(parts) };
    const { theirs } = state;
    setSaid(values);
    setBase(theirs);
    save(values, theirs.version);
  };
  const remove = async () => {
    try {
      await onRemove(base);
      onClose(false);
    } catch (problem) {
      setState({ busy: false, problem, theirs: null });
    }
  };
  const finish = (event) => {
    event.preventDefault();
    save(said, base.version);
  };
  return html`<${Dialog} title=${base.id ? plain(base.name) : "New promotion"} name="promotion" wide onClose=${() => onClose(false)}>
    <form class="stack" onSubmit=${finish} noValidate>
      <label class="field">Name <input name="promotion-name" maxlength=${NAME_MAX} autocomplete="off" value=${said.name} aria-invalid=${Boolean(faults.name)}
        placeholder="Happy hour" onInput=${(event) => change({ name: event.target.value })} /><${Fault} words=${faults.name} /></label>
      <${HowMuch} said=${said} change=${change} fault=${faults.value} />
      <${OffWhat} said=${said} change=${change} fault=${faults.scope} />
      <${When} said=${said} change=${change} fault=${faults.dates} />
      <label class="tick"><input type="checkbox" checked=${said.active} onChange=${(event) => change({ active: event.target.checked })} /> It is on</label>
      <${Example} said=${said} />
      <${Refusal} problem=${state.problem} />
      <div class="row spread">
        ${
          base.id
            ? html`<button type="button" class="danger" disabled=${state.busy} onClick=${remove}>Remove</button>`
            : html`<button type="button" class="ghost" onClick=${() => onClose(false)}>Cancel</button>`
        }
        <button class="primary big" disabled=${state.busy}>${state.busy ? "Saving…" : "Save"}</button>
      </div>
    </form>
    ${
      state.theirs &&
      html`<${Compare} title=${`${plain(said.name)} was changed meanwhile`} fields=${FIELDS} words=${(part, value) => WORDS[part](value)}
        base=${inParts(base)} mine=${inParts(said)} theirs=${inParts(state.theirs)} onDone=${settle}
        onClose=${() => setState({ ...state, theirs: null })} />`
    }
  <//>`;
}

const Fault = ({ words }) => words && html`<small class="hint bad" role="alert">${words}</small>`;

function HowMuch({ said, change, fault }) {
  const format = (whole) => `${whole} %`;
  return html`<${Segmented} label="Kind" value=${said.kind} options=${KINDS} onChange=${(kind) => change({ kind })} />
    ${
      said.kind === "percent"
        ? html`<${PriceField} key="percent" label="Percent off" name="percent" value=${said.value_bp === null ? null : said.value_bp / BASIS_POINTS}
            currency=${currency.value} max=${PERCENT_MAX} format=${format} empty="Say how much" fault=${fault}
            quick=${QUICK_PERCENT.map((one) => ({ label: format(one), minor: one }))}
            onChange=${(whole) => change({ value_bp: whole === null ? null : whole * BASIS_POINTS })} />`
        : html`<${PriceField} key="amount" label="Amount off" name="amount" value=${said.value_minor} currency=${currency.value} empty="Say how much"
            fault=${fault} onChange=${(value_minor) => change({ value_minor })} />`
    }`;
}

function OffWhat({ said, change, fault }) {
  const [search, setSearch] = useState("");
  const categories = menu.value?.categories ?? [];
  const field = said.scope === "items" ? "item_ids" : "category_ids";
  const all = said.scope === "items" ? categories.flatMap((one) => one.items) : categories;
  const wanted = search.trim().toLowerCase();
  const shown = all.filter((one) => said[field].includes(one.id) || one.name.toLowerCase().includes(wanted));
  const toggle = (id) => {
    const ids = said[field].includes(id) ? said[field].filter((one) => one !== id) : [...said[field], id].slice(0, CHOSEN_MAX);
    change({ [field]: ids });
  };
  return html`<${Segmented} label="Off what" value=${said.scope} options=${SCOPES} onChange=${(scope) => change({ scope })} />
    ${
      said.scope !== "order" &&
      html`<div class="stack">
        ${said.scope === "items" && html`<input type="search" aria-label="Find an item" placeholder="Find an item" value=${search} onInput=${(event) => setSearch(event.target.value)} />`}
        <div class="choice-tiles" role="group" aria-label=${said.scope === "items" ? "Items" : "Categories"} onKeyDown=${(event) => rove(event, ".choice-tile")}>
          ${shown.map(
            (one) => html`<button type="button" key=${one.id} class="choice-tile" aria-pressed=${said[field].includes(one.id)}
              onClick=${() => toggle(one.id)}><bdi>${plain(one.name)}</bdi></button>`,
          )}
        </div>
      </div>`
    }
    <${Fault} words=${fault} />`;
}

function When({ said, change, fault }) {
  const allDay = !said.from_minutes && !said.until_minutes;
  const date = (name) => ({
    type: "date",
    value: said[name] ?? "",
    onInput: (event) => change({ [name]: event.target.value || null }),
  });
  return html`<label class="tick"><input type="checkbox" checked=${allDay}
      onChange=${(event) => change(event.target.checked ? { from_minutes: 0, until_minutes: 0 } : HAPPY_HOUR)} /> All day</label>
    <${WeekHours} label="When" value=${said} hours=${!allDay}
      onChange=${({ weekdays, from_minutes, until_minutes }) => change({ weekdays, from_minutes, until_minutes })} />
    <div class="dates">
      <label class="field">First day <input ...${date("effective_from")} /></label>
      <label class="field">Last day <input aria-invalid=${Boolean(fault)} ...${date("effective_until")} /></label>
    </div>
    <${Fault} words=${fault} />`;
}

/** What it takes off one of the first item that it is for; the server alone reckons orders. */
function Example({ said }) {
  const categories = menu.value?.categories ?? [];
  const isFor = (item) =>
    said.scope === "order" || (said.scope === "items" ? said.item_ids.includes(item.id) : said.category_ids.includes(item.category_id));
  const item = categories.flatMap((one) => one.items).find((one) => isFor(one) && one.price_minor > 0);
  const value = said.kind === "percent" ? said.value_bp : said.value_minor;
  if (!item || !value) return null;
  const off = said.kind === "percent" ? Math.floor((item.price_minor * value * 2 + ALL) / (ALL * 2)) : Math.min(value, item.price_minor);
  const pounds = (minor) => money(minor, currency.value);
  const words = `For example ${plain(item.name)} at ${pounds(item.price_minor)}: ${pounds(off)} off, so ${pounds(item.price_minor - off)}.`;
  return html`<p class="notice good" data-example><bdi>${words}</bdi>${said.scope === "order" && " It is taken off the order as a whole."}</p>`;
}
