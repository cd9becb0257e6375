// Moving rows of a list: by its grip with a finger or a mouse, and by the arrow keys on the grip.
import { html, useEffect, useRef, useState } from "../view.js";

/** Less is a press and no drag. */
const DRAG_FROM_PX = 6;
/** Near an edge of what scrolls, it scrolls. */
const EDGE_PX = 56;
const SCROLL_PX = 12;
/** After the last key, before an order is told: going three places up is one change. */
const SETTLED_MS = 700;

/**
 * What drags in a list need: {dragged, over, grip}. Rows carry `data-row` (their id); `kind` keeps lists apart that lie in
 * each other. `onMove(id, overId, after)` when it is dropped; `onStep(id, step)` for one place up (-1) or down (1).
 */
export function useSorting({ kind, onMove, onStep }) {
  const [dragged, setDragged] = useState(null);
  const [over, setOver] = useState(null);
  const drag = useRef(null);
  const end = () => {
    drag.current = null;
    setDragged(null);
    setOver(null);
  };
  const down = (id) => (event) => {
    if (event.button) return;
    event.preventDefault();
    event.currentTarget.focus();
    event.currentTarget.setPointerCapture(event.pointerId);
    drag.current = { id, from: event.clientY, moving: false, over: null };
  };
  const move = (event) => {
    const now = drag.current;
    if (!now) return;
    if (!now.moving && Math.abs(event.clientY - now.from) < DRAG_FROM_PX) return;
    now.moving = true;
    setDragged(now.id);
    scrollNear(event);
    now.over = rowAt(event, kind, now.id);
    setOver(now.over);
  };
  const up = () => {
    const { moving, id, over: target } = drag.current ?? {};
    end();
    if (moving && target) onMove(id, target.id, target.after);
  };
  const key = (id) => (event) => {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (event.key === "Escape" && drag.current) end();
    if (!step || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    onStep(id, step);
    // The focus stays on the grip, wherever its row goes: into another list it is drawn anew.
    requestAnimationFrame(() => document.querySelector(`[data-row="${CSS.escape(id)}"] .grip`)?.focus());
  };
  const grip = (id, name) => ({
    onPointerDown: down(id),
    onPointerMove: move,
    onPointerUp: up,
    onPointerCancel: end,
    onKeyDown: key(id),
    "aria-label": `Move ${name}: arrow up or down`,
  });
  return { dragged, over, grip };
}

/** The handle of a row. `of`: what `grip` of useSorting answers. */
export function Grip({ of }) {
  return html`<button type="button" class="grip" title="Drag, or press the arrow keys" ...${of}><span aria-hidden="true">⠿</span></button>`;
}

/** The class names of a row while something is dragged. */
export function rowClass({ dragged, over }, id) {
  if (dragged === id) return "dragged";
  if (over?.id !== id) return "";
  return over.after ? "drop-after" : "drop-before";
}

function rowAt({ clientX, clientY }, kind, id) {
  const row = document.elementFromPoint(clientX, clientY)?.closest(`[data-row][data-kind~="${kind}"]`);
  if (!row || row.dataset.row === id) return null;
  const box = row.getBoundingClientRect();
  return { id: row.dataset.row, after: clientY > box.top + box.height / 2 };
}

function scrollNear({ currentTarget, clientY }) {
  let box = currentTarget.parentElement;
  while (box && !(box.scrollHeight > box.clientHeight && /auto|scroll/.test(getComputedStyle(box).overflowY))) box = box.parentElement;
  if (!box) return;
  const { top, bottom } = box.getBoundingClientRect();
  if (clientY < top + EDGE_PX) box.scrollBy(0, -SCROLL_PX);
  else if (clientY > bottom - EDGE_PX) box.scrollBy(0, SCROLL_PX);
}

/** `ids` with one of them before or after another. */
export function moved(ids, id, overId, after) {
  const rest = ids.filter((one) => one !== id);
  rest.splice(rest.indexOf(overId) + (after ? 1 : 0), 0, id);
  return rest;
}

/**
 * A list by itself. `items`: [{id, ...}] in their order; `nameOf(item)`; `row(item)` draws one. `onOrder(ids)`: the new
 * order, once it is settled; it answers false, or a promise of it, where that was refused. `disabled`: it is only shown.
 */
export function SortedList({ items, label, nameOf, row, onOrder, disabled = false }) {
  const [order, setOrder] = useState(null);
  const [said, setSaid] = useState("");
  const waiting = useRef(null);
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
  const put = (next, id, settled) => {
    const tell = async () => {
      if (next.join() === given.join()) return;
      // What is accepted stands until the list arrives in that order.
      if ((await onOrder(next)) === false) setOrder(null);
    };
    clearTimeout(waiting.current?.timer);
    setOrder(next);
    setSaid(`${nameOf(byId.get(id))}: ${next.indexOf(id) + 1} of ${next.length}`);
    waiting.current = { tell, timer: setTimeout(settle, settled ? 0 : SETTLED_MS) };
  };
  const step = (id, by) => {
    const beside = ids[ids.indexOf(id) + by];
    if (beside) put(moved(ids, id, beside, by > 0), id, false);
  };
  const sorting = useSorting({ kind: "one", onMove: (id, over, after) => put(moved(ids, id, over, after), id, true), onStep: step });
  return html`<div class="sorted-list">
    <ul aria-label=${label}>
      ${ids.map((id) => {
        const one = byId.get(id);
        return html`<li key=${id} data-row=${id} data-kind="one" class=${rowClass(sorting, id)}>
          ${!disabled && html`<${Grip} of=${sorting.grip(id, nameOf(one))} />`}${row(one)}</li>`;
      })}
    </ul>
    <p class="sr-only" role="status">${said}</p>
  </div>`;
}
