// Moving rows of a list: by its grip with a finger or a mouse, and by the arrow keys on the grip.
import { html, useRef, useState } from "../view.js";

/** Less is a press and no drag. */
const DRAG_FROM_PX = 6;
/** Near an edge of what scrolls, it scrolls. */
const EDGE_PX = 56;
const SCROLL_PX = 12;

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
