// A note to the kitchen on the whole order: written in the basket, or on an order that is under way.
import { command } from "../api.js";
import { basket, setBasket } from "../basket.js";
import { plain } from "../text.js";
import { Dialog, Refusal } from "../ui.js";
import { html, useState } from "../view.js";
import { closeDialog, dialog, learnOrder, orderOf } from "./shop.js";

const TEXT_MAX = 500;

/** The note, or a way to write one. Without an order: of the basket. */
export function NoteButton({ order = null }) {
  const note = order ? order.note : basket.value.note;
  const open = () => (dialog.value = { name: "note", id: order?.id });
  if (!note) return html`<button type="button" class="ghost" onClick=${open}>Kitchen note</button>`;
  return html`<button type="button" class="order-note" onClick=${open}><b>Note</b> <bdi>${plain(note)}</bdi></button>`;
}

/** The same, to be read only. */
export function OrderNote({ order }) {
  if (!order.note) return null;
  return html`<p class="order-note"><b>Note</b> <bdi>${plain(order.note)}</bdi></p>`;
}

/** `id`: of an order that is under way. */
export function NoteDialog({ id = "" }) {
  const before = (id ? orderOf(id)?.note : basket.value.note) || "";
  const [text, setText] = useState(before);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState(null);
  const back = () => (id ? (dialog.value = { name: "order", id }) : closeDialog());
  const save = async (note) => {
    if (!id) {
      setBasket({ note });
      closeDialog();
      return;
    }
    setBusy(true);
    try {
      learnOrder(await command(`/orders/${id}/note`, { note }, { method: "PUT" }));
      back();
    } catch (refusal) {
      setProblem(refusal);
      setBusy(false);
    }
  };
  const finish = (event) => {
    event.preventDefault();
    save(text.trim());
  };
  return html`<${Dialog} title="Note to the kitchen" name="note" onClose=${back}>
    <form class="stack" onSubmit=${finish}>
      <label class="field">Every open ticket of the order shows it
        <textarea name="note" rows="3" maxlength=${TEXT_MAX} value=${text} data-focus placeholder="Birthday: candles with the cake…"
          onInput=${(event) => setText(event.target.value)}></textarea>
      </label>
      <${Refusal} problem=${problem} />
      <div class="row spread">
        <button type="button" class="ghost" disabled=${busy || !before} onClick=${() => save("")}>No note</button>
        <button class="primary big" disabled=${busy || text.trim() === before}>Save</button>
      </div>
    </form>
  <//>`;
}
