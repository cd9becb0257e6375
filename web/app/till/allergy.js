// What a guest must not eat: said in the basket before the order is sent, or on an order that is under way.
import { command } from "../api.js";
import { basket, setBasket } from "../basket.js";
import { allergenName, allergens, allergyWords } from "../text.js";
import { Dialog, Refusal, rove } from "../ui.js";
import { html, useState } from "../view.js";
import { closeDialog, dialog, learnOrder, orderOf } from "./shop.js";

const TEXT_MAX = 200;
const NONE = { allergens: [], text: null };

/** Loud where a guest has one, else a way to say so. Without an order: of the basket. */
export function AllergyButton({ order = null }) {
  const said = order ? order.guest_allergy : basket.value.guest_allergy;
  const open = () => (dialog.value = { name: "allergy", id: order?.id });
  if (!said) return html`<button type="button" class="ghost" onClick=${open}>Guest allergy</button>`;
  return html`<button type="button" class="guest-allergy" onClick=${open}><b>Guest allergy</b> <bdi>${allergyWords(said)}</bdi></button>`;
}

/** The same, to be read only. */
export function AllergyNote({ order }) {
  if (!order.guest_allergy) return null;
  return html`<p class="guest-allergy"><b>Guest allergy</b> <bdi>${allergyWords(order.guest_allergy)}</bdi></p>`;
}

/** Allergens and words; `id`: of an order that is under way. */
export function AllergyDialog({ id = "" }) {
  const before = (id ? orderOf(id)?.guest_allergy : basket.value.guest_allergy) || NONE;
  const [chosen, setChosen] = useState(() => new Set(before.allergens));
  const [text, setText] = useState(before.text || "");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState(null);
  const toggle = (code) => {
    const next = new Set(chosen);
    if (!next.delete(code)) next.add(code);
    setChosen(next);
  };
  const back = () => (id ? (dialog.value = { name: "order", id }) : closeDialog());
  const save = async (said) => {
    if (!id) {
      setBasket({ guest_allergy: said.allergens.length || said.text ? said : null });
      closeDialog();
      return;
    }
    setBusy(true);
    try {
      learnOrder(await command(`/orders/${id}/guest-allergy`, said, { method: "PUT" }));
      back();
    } catch (refusal) {
      setProblem(refusal);
      setBusy(false);
    }
  };
  const finish = (event) => {
    event.preventDefault();
    save({ allergens: allergens.filter((code) => chosen.has(code)), text: text.trim() || null });
  };
  const any = before.allergens.length > 0 || Boolean(before.text);
  return html`<${Dialog} title="Guest allergy" name="allergy" onClose=${back}>
    <form class="stack" onSubmit=${finish}>
      <p class="quiet">The kitchen must acknowledge it before the food is ready.</p>
      <div class="option-grid" role="group" aria-label="Allergens" onKeyDown=${(event) => rove(event, ".option")}>
        ${allergens.map(
          (code, index) => html`<button type="button" key=${code} class="option allergen" role="checkbox" aria-checked=${chosen.has(code)}
            data-focus=${index === 0 || undefined} onClick=${() => toggle(code)}>${allergenName(code)}</button>`,
        )}
      </div>
      <label class="field">In the guest's words
        <input name="allergy" maxlength=${TEXT_MAX} value=${text} placeholder="Coeliac, no shared fryer…"
          onInput=${(event) => setText(event.target.value)} />
      </label>
      <${Refusal} problem=${problem} />
      <div class="row spread">
        <button type="button" class="ghost" disabled=${busy || !any} onClick=${() => save(NONE)}>No allergy</button>
        <button class="primary big" disabled=${busy || !(chosen.size || text.trim())}>Save</button>
      </div>
    </form>
  <//>`;
}
