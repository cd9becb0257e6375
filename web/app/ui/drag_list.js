// A list that people put in order: by a handle that is dragged, or by the arrows while the handle has the focus.
import { html, useEffect, useLayoutEffect, useRef, useState } from "../view.js";

/** After the last key, before the order is told: going three places up is one change. */
const SETTLED_MS = 700;
const STEPS = { ArrowUp: -1, ArrowDown: 1 };

/** `ids` with the one at `from` at `to`. */
function moved(ids, from, to) {
  const next = [...ids];
  next.splice(to, 0, ...next.splice(from, 1));
  return next;
}

/**
 * `items`: [{id, ...}] in their order; `nameOf(item)`; `row(item)` draws one. `onOrder(ids)`: the new order, once it is
 * settled; it may answer a promise. `disabled`: it is only shown.
 */
export function DragList({ items, label, nameOf, row, onOrder, disabled = false }) {
  const list = useRef(null);
  const waiting = useRef(null);
  const hand = useRef(null);
  const keyed = useRef("");
  const [order, setOrder] = useState(null);
  const [dragged, setDragged] = useState("");
  const [said, setSaid] = useState("");
  const given = items.map((item) => item.id);
  const known = new Set(given);
  const ids = order && order.length === given.length && order.every((id) => known.has(id)) ? order : given;
  const byId = new Map(items.map((item) => [item.id, item]));
  // Somebody else may have put it in another order.
  useEffect(() => setOrder(null), [given.join()]);
  const settle = () => {
    const held = waiting.current;
    waiting.current = null;
    clearTimeout(held?.timer);
    held?.tell();
  };
  // Whoever goes elsewhere has put it in order all the same.
  useEffect(() => settle, []);
  const put = (id, to) => {
    const from = ids.indexOf(id);
    if (to < 0 || to >= ids.length || to === from) return ids;
    const next = moved(ids, from, to);
    setOrder(next);
    setSaid(`${nameOf(byId.get(id))}: ${to + 1} of ${ids.length}`);
    return next;
  };
  const tell = async (next) => {
    if (next.join() === given.join()) return;
    await onOrder(next);
    // It has arrived by now, or it was refused.
    setOrder(null);
  };
  const drag = (event) => {
    const others = [...list.current.children].filter((one) => one.dataset.row !== dragged);
    const above = others.filter((one) => {
      const { top, height } = one.getBoundingClientRect();
      return top + height / 2 < event.clientY;
    });
    put(dragged, above.length);
  };
  const drop = () => {
    setDragged("");
    tell(ids);
  };
  hand.current = { drag, drop };
  // On the page, not on the handle: a row that changes its place lets go of the pointer.
  useEffect(() => {
    if (!dragged) return undefined;
    const [move, end] = [(event) => hand.current.drag(event), () => hand.current.drop()];
    const heard = { pointermove: move, pointerup: end, pointercancel: end };
    for (const [name, act] of Object.entries(heard)) addEventListener(name, act);
    return () => {
      for (const [name, act] of Object.entries(heard)) removeEventListener(name, act);
    };
  }, [dragged]);
  // A row that changes its place loses the focus, and the next key is for it.
  useLayoutEffect(() => {
    if (keyed.current) list.current.querySelector(`[data-row="${keyed.current}"] .handle`)?.focus();
    keyed.current = "";
  });
  const grab = (id) => (event) => {
    if (!event.button) setDragged(id);
  };
  const key = (id) => (event) => {
    const step = STEPS[event.key];
    if (!step || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    keyed.current = id;
    const next = put(id, ids.indexOf(id) + step);
    clearTimeout(waiting.current?.timer);
    waiting.current = { tell: () => tell(next), timer: setTimeout(settle, SETTLED_MS) };
  };
  return html`<div class="drag-list">
    <ul aria-label=${label} ref=${list}>
      ${ids.map(
        (id) => html`<li key=${id} data-row=${id} class=${dragged === id ? "dragged" : ""}>
          ${
            !disabled &&
            html`<button type="button" class="handle" aria-label=${`Move ${nameOf(byId.get(id))}`} title="Drag, or press the arrows"
            onPointerDown=${grab(id)} onKeyDown=${key(id)}>⠿</button>`
          }
          ${row(byId.get(id))}</li>`,
      )}
    </ul>
    <p class="sr-only" role="status">${said}</p>
  </div>`;
}
