// What the restaurant takes off for everybody at certain times: the list, and the switch of each.
import { command, get } from "../api.js";
import { menu } from "../menu.js";
import { money, percent } from "../money.js";
import { say } from "../problem.js";
import { currency } from "../session.js";
import { plain } from "../text.js";
import { datesWords, dayWords, hoursWords, toast, toastUndo } from "../ui.js";
import { html, signal, useEffect, useState } from "../view.js";
import { PromotionDialog } from "./promotion_dialog.js";

const STALE = 412;

/** All of them by name, or null before they are there. */
const promotions = signal(null);
const trouble = signal(null);

/** Reads them anew. Nobody is told when another person changes one: they are read whenever the page is looked at. */
async function load() {
  try {
    promotions.value = (await get("/promotions")).items;
    trouble.value = null;
  } catch (problem) {
    trouble.value = problem;
  }
}

/** What it is off, in words. */
export function scopeWords({ scope, item_ids: itemIds, category_ids: categoryIds }) {
  if (scope === "order") return "the whole order";
  const categories = menu.value?.categories ?? [];
  const all = scope === "items" ? categories.flatMap((one) => one.items) : categories;
  const ids = scope === "items" ? itemIds : categoryIds;
  return ids.map((id) => plain(all.find((one) => one.id === id)?.name ?? "something that is gone")).join(", ");
}

/** "10 %" or "£2.00". */
export function valueWords({ kind, value_bp: basisPoints, value_minor: minor }) {
  return kind === "percent" ? percent(basisPoints ?? 0) : money(minor ?? 0, currency.value);
}

/** When it holds, in words. */
export function timeWords(promotion) {
  const { from_minutes: from, until_minutes: until, weekdays } = promotion;
  const hours = from || until ? hoursWords(promotion) : `${dayWords(weekdays)}, all day`;
  return [hours, datesWords(promotion)].filter(Boolean).join(" · ");
}

const bodyOf = ({ id, version, ...said }) => said;

async function setActive(promotion, active, { undoable = true } = {}) {
  try {
    const saved = await command(`/promotions/${promotion.id}`, { ...bodyOf(promotion), active }, { method: "PUT", seen: promotion.version });
    promotions.value = promotions.value.map((one) => (one.id === saved.id ? saved : one));
    const undo = () => setActive(saved, !active, { undoable: false });
    if (undoable) toastUndo(`${plain(promotion.name)} is ${active ? "on" : "off"} from the next order`, undo);
  } catch (problem) {
    toast(problem.status === STALE ? "Somebody else has just changed it. Look at it again." : say(problem), { tone: "bad" });
    await load();
  }
}

/** Removes it; undone, it is there again as a new one. Throws Problem. */
async function remove(promotion) {
  await command(`/promotions/${promotion.id}`, undefined, { method: "DELETE" });
  await load();
  const again = () =>
    command("/promotions", bodyOf(promotion))
      .then(load)
      .catch((problem) => toast(say(problem), { tone: "bad" }));
  toastUndo(`${plain(promotion.name)} removed`, again);
}

export function Panel() {
  const [open, setOpen] = useState(null);
  useEffect(() => {
    load();
    const look = () => document.visibilityState === "visible" && load();
    document.addEventListener("visibilitychange", look);
    return () => document.removeEventListener("visibilitychange", look);
  }, []);
  const all = promotions.value;
  const close = async (changed) => {
    setOpen(null);
    if (changed) await load();
  };
  return html`<section class="promotions" aria-label="Promotions">
    <div class="row spread"><h2>Promotions</h2>${all?.length > 0 && html`<button type="button" class="primary" onClick=${() => setOpen({})}>Add a promotion</button>`}</div>
    ${trouble.value && html`<p class="notice bad" role="alert">${say(trouble.value)} <button class="link" onClick=${load}>Try again</button></p>`}
    ${!all && !trouble.value && html`<p class="quiet">Looking them up…</p>`}
    ${
      all?.length === 0 &&
      html`<div class="empty stack"><p>No promotions yet: a happy hour, a lunch deal, so much off everything in January.</p>
        <div><button type="button" class="primary big" onClick=${() => setOpen({})}>Add the first promotion</button></div></div>`
    }
    <ul class="stack">
      ${(all ?? []).map(
        (one) => html`<li class="promotion" key=${one.id} data-promotion=${one.name}>
          <div><strong><bdi>${plain(one.name)}</bdi></strong>
            <small>${valueWords(one)} off ${scopeWords(one)}</small><small>${timeWords(one)}</small></div>
          <button type="button" role="switch" aria-checked=${one.active} aria-label=${`${plain(one.name)} is on`} class=${one.active ? "on" : ""}
            onClick=${() => setActive(one, !one.active)}>${one.active ? "On" : "Off"}</button>
          <button type="button" aria-label=${`Change ${plain(one.name)}`} onClick=${() => setOpen(one)}>Change</button>
        </li>`,
      )}
    </ul>
    ${open && html`<${PromotionDialog} key=${open.id ?? "new"} promotion=${open} onReload=${load} find=${(id) => promotions.value?.find((one) => one.id === id)}
      onRemove=${remove} onClose=${close} />`}
  </section>`;
}
