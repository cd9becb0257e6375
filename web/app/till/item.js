// What can be done about an item at the till: take it off for now, put it back, or sell it although it is not on sale.
import { addLine } from "../basket.js";
import { minute, timeOfDay } from "../clock.js";
import { asks, itemOf, menuMoved, stockOf, whyNot } from "../menu.js";
import { may, restaurant } from "../session.js";
import { plain } from "../text.js";
import { Dialog, Refusal } from "../ui.js";
import { html, useState } from "../view.js";
import { useCommand } from "./command.js";
import { closeDialog, dialog, stock } from "./shop.js";

const REASON_MAX = 200;
const SOON_MS = 3_600_000;

export function ItemDialog({ item: shown }) {
  const item = itemOf(shown.id) || shown;
  const sale = stockOf(item, stock.value);
  return html`<${Dialog} title=${plain(item.name)} name="item" onClose=${closeDialog}>
    <div class="stack">
      <p>${sale.why ? whyNot(sale) : "On sale now."}</p>
      ${may("orders.place") && (sale.why === "off" || sale.why === "closed") && html`<${SellAnyway} item=${item} />`}
      ${may("stock.adjust") && (sale.why === "off" ? html`<${PutBack} item=${item} />` : html`<${TakeOff} item=${item} />`)}
    </div>
  <//>`;
}

/** Into the basket with its reason; a manager approves it when the order is sent. */
function SellAnyway({ item }) {
  const [reason, setReason] = useState("");
  const finish = (event) => {
    event.preventDefault();
    const override = reason.trim();
    if (!override) return;
    if (asks(item)) dialog.value = { name: "options", item, override };
    else {
      addLine({ item, override });
      closeDialog();
    }
  };
  return html`<form class="stack" onSubmit=${finish}>
    <label class="field">Sell it all the same. Why?
      <input name="override-reason" maxlength=${REASON_MAX} required data-focus value=${reason}
        onInput=${(event) => setReason(event.target.value)} />
      <small class="quiet">A manager approves it when the order is sent.</small></label>
    <div class="row spread"><span></span><button class="primary big">Add to the basket</button></div>
  </form>`;
}

function PutBack({ item }) {
  const { set, busy, problem } = useAvailability(item);
  return html`<div class="row spread"><span></span><button type="button" disabled=${busy} onClick=${() => set({ available: true })}>Put it back on sale</button></div>
    <${Refusal} problem=${problem} />`;
}

function TakeOff({ item }) {
  const { set, busy, problem } = useAvailability(item);
  const zone = restaurant.value?.timezone;
  const [until, setUntil] = useState(() => timeOfDay(minute.value + SOON_MS, zone));
  const offUntil = (event) => {
    event.preventDefault();
    const at = nextTime(until, minute.value, zone);
    if (at) set({ available: false, returns_at: new Date(at).toISOString() });
  };
  return html`<form class="stack" onSubmit=${offUntil}>
    <div class="row">
      <button type="button" disabled=${busy} onClick=${() => set({ available: false })}>Sold out</button>
      <button type="button" disabled=${busy} onClick=${() => set({ available: false, until_next_day: true })}>Sold out until tomorrow</button>
    </div>
    <div class="row">
      <label class="field">Back by itself at<input type="time" name="until" required value=${until} onInput=${(event) => setUntil(event.target.value)} /></label>
      <button disabled=${busy}>Sold out until then</button>
    </div>
    <${Refusal} problem=${problem} />
  </form>`;
}

function useAvailability(item) {
  const { run, busy, problem } = useCommand();
  const set = async (body) => {
    if (!(await run(`/menu/items/${item.id}/availability`, body, { method: "PUT" }))) return;
    menuMoved();
    closeDialog();
  };
  return { set, busy, problem };
}

/**
 * The next instant at which the clock of the restaurant shows "17:30". Minute by minute: the clock may be changed on the
 * way. Null where it shows no such time within a day and an hour.
 */
export function nextTime(shown, from, timeZone) {
  for (let at = from + 60_000; at <= from + 25 * 3_600_000; at += 60_000) {
    if (timeOfDay(at, timeZone) === shown) return at;
  }
  return null;
}
