// How something on the shelf moved: every change of its level, newest first.
import { get } from "../../api.js";
import { timeOrDate } from "../../clock.js";
import { restaurant } from "../../session.js";
import { plain, stockAmount } from "../../text.js";
import { Refusal } from "../../ui.js";
import { html, useEffect, useState } from "../../view.js";
import { levels } from "./known.js";

const PAGE = 20;
const KINDS = {
  opening: "Was there",
  reserve: "For an order",
  release: "Given back",
  sale: "Sold",
  waste: "Thrown away",
  count: "Counted",
  delivery: "Came",
  adjustment: "Adjusted",
};

const signed = (number, unit) => (number > 0 ? "+" : number < 0 ? "−" : "") + stockAmount(Math.abs(number), unit);

export function Movements({ itemId }) {
  const [pages, setPages] = useState([]);
  const [kind, setKind] = useState("");
  const [cursor, setCursor] = useState(null);
  const [problem, setProblem] = useState(null);
  const level = levels.value.find((one) => one.item_id === itemId);
  const unit = level?.unit ?? "piece";
  const read = async (after) => {
    const asked = new URLSearchParams({ item_id: itemId, limit: PAGE, cursor: after ?? "" });
    if (kind) asked.set("kind", kind);
    return get(`/stock/movements?${asked}`);
  };
  useEffect(() => {
    let over = false;
    setProblem(null);
    read("").then(
      (page) => {
        if (over) return;
        setPages(page.items);
        setCursor(page.next_cursor);
      },
      (refusal) => over || setProblem(refusal),
    );
    return () => {
      over = true;
    };
  }, [itemId, kind, level?.version]);
  const more = () =>
    read(cursor).then((page) => {
      setPages([...pages, ...page.items]);
      setCursor(page.next_cursor);
    }, setProblem);
  return html`<div class="stack">
    <label class="field">Which <select name="movement-kind" data-focus value=${kind} onChange=${(event) => setKind(event.target.value)}>
      <option value="">All movements</option>
      ${Object.entries(KINDS).map(([value, words]) => html`<option key=${value} value=${value}>${words}</option>`)}</select></label>
    <${Refusal} problem=${problem} />
    ${pages.length === 0 && !problem && html`<p class="empty">No movement of that kind.</p>`}
    <ul class="moves" aria-label="Movements">${pages.map(
      (one) => html`<li key=${one.id} data-move=${one.kind}>
        <time datetime=${one.occurred_at}>${timeOrDate(one.occurred_at, restaurant.value.timezone)}</time>
        <span><strong>${KINDS[one.kind] ?? plain(one.kind)}</strong>${one.reason && html` · <bdi>${plain(one.reason)}</bdi>`}
          ${one.reserved !== 0 && html`<small class="quiet">orders hold ${signed(one.reserved, unit)}</small>`}</span>
        <span class="sum">${one.quantity ? signed(one.quantity, unit) : "–"}<small class="quiet">${stockAmount(one.on_hand_after, unit)}</small></span></li>`,
    )}</ul>
    ${cursor && html`<button type="button" onClick=${more}>Show more</button>`}
  </div>`;
}
