// One item, all that can be said of it, as it is typed. Nothing is sent before "Save"; what is typed stays in this tab.
import { menu } from "../../menu.js";
import { currency } from "../../session.js";
import { plain } from "../../text.js";
import { PriceField, Refusal, toast, toastUndo } from "../../ui.js";
import { html, useEffect, useRef, useState } from "../../view.js";
import { Compare } from "../compare.js";
import { AllergenTiles } from "./allergens.js";
import { beginCopy, choose, edit, entryOf, faultsOf, FIELDS, forgetDraft, goOn, missing, save, saveAsNew, settle, valuesOf } from "./drafts.js";
import { isOff, removeItem, setOff } from "./menu_changes.js";
import { OptionGroups } from "./option_groups.js";
import { Picture } from "./picture.js";
import { Preview } from "./preview.js";
import { fieldWords, rateWords, vatClasses } from "./words.js";
import { Windows } from "./windows.js";

const NAME_MAX = 120;
const DESCRIPTION_MAX = 1_000;
const BARCODE_MAX = 14;
const PLU_MAX = 6;
const MINUTES_DIGITS = 3;
/** As in menu_editor.css. */
const LIST_HIDDEN = "(max-width: 900px)";

export function Editor({ editing }) {
  const { base, values, dirty } = entryOf(editing);
  const form = useRef(null);
  const { saving, problem, faults, stale, attempt, clear } = useSave(editing, form);
  const change = (next) => {
    edit(editing, next);
    clear(next);
  };
  const at = (path) => faults[path] ?? "";
  const within = (path) => at(path) || faults[Object.keys(faults).find((one) => one.startsWith(`${path}.`) || one.startsWith(`${path}[`))] || "";
  const off = Boolean(base) && isOff(base.id);
  const discard = () => {
    const back = forgetDraft(editing);
    if (!base) choose("");
    clear();
    toastUndo("Changes thrown away", () => (back(), choose(editing)));
  };
  return html`<form class="editor" ref=${form} onSubmit=${attempt} noValidate aria-label=${plain(values.name) || "New item"}>
    <${Head} base=${base} values=${values} dirty=${dirty} off=${off} />
    <${Preview} values=${values} off=${off} />
    <${Basics} values=${values} change=${change} at=${at} isNew=${!base} />
    <section class="part-of-item"><h3>Picture</h3><${Picture} base=${base} onSeen=${() => goOn(editing)} /></section>
    <section class="part-of-item"><h3>Allergens</h3>
      <${AllergenTiles} value=${values} onChange=${change} fault=${at("may_contain") || at("allergens")} /></section>
    <section class="part-of-item"><h3>What it asks</h3>
      <${OptionGroups} value=${values.option_groups} path="option_groups" at=${at} within=${within} mine=${base?.id ?? ""}
        onChange=${(option_groups) => change({ option_groups })} /></section>
    <section class="part-of-item"><h3>When it is sold</h3>
      <${Windows} value=${values.windows} within=${within} onChange=${(windows) => change({ windows })} /></section>
    <section class="part-of-item"><h3>Stock</h3>
      <label class="tick"><input type="checkbox" checked=${values.stock_tracked}
        onChange=${(event) => change({ stock_tracked: event.target.checked })} /> Its pieces are counted, and it can run out</label></section>
    <${Unsaved} problem=${problem} faults=${faults} />
    <div class="editor-foot">
      <button type="button" class="ghost" disabled=${!dirty || saving} onClick=${discard}>Throw away</button>
      <button class="primary big" aria-disabled=${saving || !dirty}>${saving ? "Saving…" : base ? "Save" : "Add to the menu"}</button>
    </div>
    ${stale && html`<${Stale} editing=${editing} base=${base} values=${values} theirs=${stale.theirs} onClose=${clear} onSettled=${attempt} />`}
  </form>`;
}

/** Why it is not saved; what is wrong with a field stands there too. */
function Unsaved({ problem, faults }) {
  const words = [...new Set(Object.values(faults))];
  if (!words.length) return html`<${Refusal} problem=${problem} />`;
  return html`<div class="notice bad stack" role="alert"><p>Not saved. Look at what is marked:</p><ul>${words.map((one) => html`<li key=${one}>${one}</li>`)}</ul></div>`;
}

/** Saving, with what stands in its way: at its field, or somebody else's version. */
function useSave(editing, form) {
  const [saving, setSaving] = useState(false);
  const [problem, setProblem] = useState(null);
  const [faults, setFaults] = useState({});
  const [stale, setStale] = useState(null);
  useEffect(() => {
    // To the first of them, as soon as it says what is wrong.
    const first = form.current?.querySelector("[aria-invalid=true], [data-faulty=true]");
    if (Object.keys(faults).length) (first ?? form.current?.querySelector(".hint.bad"))?.scrollIntoView({ block: "center" });
    first?.focus();
  }, [faults]);
  const clear = (changed = {}) => {
    setProblem(null);
    setStale(null);
    const names = Object.keys(changed);
    setFaults((known) =>
      Object.keys(known).length ? Object.fromEntries(Object.entries(known).filter(([path]) => !names.some((name) => path.startsWith(name)))) : known,
    );
  };
  const attempt = async (event) => {
    event?.preventDefault();
    if (saving || !entryOf(editing).dirty) return;
    clear();
    const lacking = missing(entryOf(editing).values);
    setFaults(lacking);
    if (Object.keys(lacking).length) return;
    setSaving(true);
    const { name } = entryOf(editing).values;
    try {
      const found = await save(editing);
      if (found) setStale(found);
      else toast(`${plain(name)} is saved`, { tone: "good" });
    } catch (refusal) {
      const named = faultsOf(refusal);
      setFaults(named);
      setProblem(refusal);
    }
    setSaving(false);
  };
  return { saving, problem, faults, stale, attempt, clear };
}

function Head({ base, values, dirty, off }) {
  const [problem, setProblem] = useState(null);
  const remove = async () => {
    try {
      await removeItem(base);
      forgetDraft(base.id);
      choose("");
    } catch (refusal) {
      setProblem(refusal);
    }
  };
  const head = useRef(null);
  useEffect(() => {
    // Where it takes the place of the list, or of what had the focus, it takes the focus too.
    if (base && (matchMedia(LIST_HIDDEN).matches || document.activeElement === document.body)) head.current.focus();
  }, []);
  const back = () => {
    const row = base?.id;
    choose("");
    requestAnimationFrame(() => document.querySelector(`.menu-row[data-row="${row}"] .menu-item`)?.focus());
  };
  return html`<header class="editor-head">
    <button type="button" class="link back" onClick=${back}>‹ Menu</button>
    <h2 tabindex="-1" ref=${head}><bdi>${plain(values.name) || "New item"}</bdi></h2>
    ${dirty && html`<span class="badge warn">Not saved</span>`}
    ${
      base &&
      html`<span class="editor-acts">
        <button type="button" aria-pressed=${off} class=${off ? "off-button off" : "off-button"} onClick=${() => setOff(base, !off)}>
          ${off ? "Put back" : "Take off (86)"}</button>
        <button type="button" onClick=${() => beginCopy(values)}>Copy</button>
        <button type="button" class="danger" onClick=${remove}>Remove</button>
      </span>`
    }
    <${Refusal} problem=${problem} />
  </header>`;
}

function Basics({ values, change, at, isNew }) {
  const text = (name) => ({ name, value: values[name] ?? "", "aria-invalid": Boolean(at(name)), onInput: (event) => change({ [name]: event.target.value }) });
  const digits = (name) => ({ ...text(name), inputmode: "numeric", onInput: (event) => change({ [name]: event.target.value.replace(/\D/g, "") || null }) });
  const minutes = (name) => ({ ...digits(name), onInput: (event) => change({ [name]: Number(event.target.value.replace(/\D/g, "")) || null }) });
  const name = useRef(null);
  useEffect(() => {
    if (isNew) name.current?.focus();
  }, []);
  return html`<section class="part-of-item fields">
    <label class="field wide">Name <input ref=${name} maxlength=${NAME_MAX} autocomplete="off" ...${text("name")} /><${Fault} words=${at("name")} /></label>
    <${PriceField} label="Price" name="price" value=${values.price_minor} currency=${currency.value} empty="Set a price" fault=${at("price_minor")}
      onChange=${(price_minor) => change({ price_minor })} />
    <label class="field">Category
      <select name="category" value=${values.category_id} onChange=${(event) => change({ category_id: event.target.value })}>
        ${(menu.value?.categories ?? []).map((one) => html`<option key=${one.id} value=${one.id}>${plain(one.name)}</option>`)}
      </select><${Fault} words=${at("category_id")} /></label>
    <label class="field wide">VAT
      <select name="vat" value=${values.vat_class ?? ""} aria-invalid=${Boolean(at("vat_class"))} onChange=${(event) => change({ vat_class: event.target.value || null })}>
        <option value="" disabled>Choose how it is taxed</option>
        ${vatClasses().map((one) => html`<option key=${one.code} value=${one.code}>${plain(one.name)}</option>`)}
      </select>
      ${at("vat_class") ? html`<${Fault} words=${at("vat_class")} />` : html`<small class="quiet">${rateWords(values.vat_class)}</small>`}</label>
    <label class="field wide">Description
      <textarea rows="2" maxlength=${DESCRIPTION_MAX} ...${text("description")} onInput=${(event) => change({ description: event.target.value || null })}></textarea><${Fault} words=${at("description")} /></label>
    <label class="field">Barcode <input maxlength=${BARCODE_MAX} ...${digits("barcode")} /><${Fault} words=${at("barcode")} /></label>
    <label class="field">PLU <input maxlength=${PLU_MAX} ...${digits("plu")} /><${Fault} words=${at("plu")} /></label>
    <label class="field">Preparation <input maxlength=${MINUTES_DIGITS} placeholder="As its station" ...${minutes("preparation_minutes")} />
      ${at("preparation_minutes") ? html`<${Fault} words=${at("preparation_minutes")} />` : html`<small class="quiet">Minutes in the kitchen</small>`}</label>
  </section>`;
}

const Fault = ({ words }) => words && html`<small class="hint bad">${words}</small>`;

/** Somebody else saved it, or removed it, while it was edited. */
function Stale({ editing, base, values, theirs, onClose, onSettled }) {
  useEffect(() => {
    if (theirs) return;
    saveAsNew(editing);
    toast("Somebody has removed it meanwhile. What you typed is a new item now: add it, or throw it away.", { tone: "bad" });
  }, []);
  if (!theirs) return null;
  const done = (chosen) => {
    settle(editing, theirs, chosen);
    onSettled();
  };
  return html`<${Compare} title=${`${plain(values.name)} was changed meanwhile`} fields=${FIELDS} words=${fieldWords} base=${valuesOf(base)}
    mine=${values} theirs=${valuesOf(theirs)} onDone=${done} onClose=${onClose} />`;
}
