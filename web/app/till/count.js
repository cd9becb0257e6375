// Counting a drawer and closing its till. Blind: what should be in it is not shown to whoever counts it.
import { DENOMINATIONS, money } from "../money.js";
import { currency, may } from "../session.js";
import { count } from "../text.js";
import { AmountField, Dialog, Keypad, Refusal } from "../ui.js";
import { AMOUNT_MAX_MINOR, typed } from "../ui/amount.js";
import { html, useState } from "../view.js";
import { useCommand } from "./command.js";
import { closeDialog, dialog, learnSession } from "./shop.js";

const PIECES_MAX = 99_999;
const TOTAL = "total";
/** Whoever holds it carries orders over alone. */
const APPROVES = "till.approve";

export function CloseTill({ id }) {
  const [values, setValues] = useState({});
  const [active, setActive] = useState(TOTAL);
  const [reason, setReason] = useState("");
  const { run, busy, problem } = useCommand();
  const byPieces = DENOMINATIONS.some((piece) => values[piece] > 0);
  const piecesMinor = DENOMINATIONS.reduce((sum, piece) => sum + piece * (values[piece] || 0), 0);
  const counted = byPieces ? piecesMinor : (values[TOTAL] ?? null);
  const above = counted > AMOUNT_MAX_MINOR;
  const put = (name) => (value) => setValues({ ...values, [name]: value });
  const key = (pressed) => {
    const max = active === TOTAL ? AMOUNT_MAX_MINOR : PIECES_MAX;
    if (active !== TOTAL || !byPieces) put(active)(typed(values[active] ?? null, pressed, max).value);
  };
  const close = async (carryOver) => {
    if (counted === null || above) return;
    const body = { counted_minor: counted, ...(reason.trim() ? { reason: reason.trim() } : {}) };
    if (carryOver.length) body.carry_over_order_ids = carryOver;
    const answer = await run(`/till-sessions/${id}/close`, body, `Closing with ${show(counted)}`);
    if (!answer) return;
    learnSession(answer.session || { id, state: "closed", version: Number.MAX_SAFE_INTEGER });
    dialog.value = { name: "z", report: answer.z_report };
  };
  const submit = (event) => {
    event.preventDefault();
    close([]);
  };
  const show = (minor) => money(minor, currency.value);
  return html`<${Dialog} title="Count the drawer" name="close" wide onClose=${closeDialog}>
    <form class="stack" onSubmit=${submit}>
      <div class="count">
        <div class="stack">
          <${AmountField} label="Counted in all" name="counted" value=${counted} onChange=${put(TOTAL)} max=${AMOUNT_MAX_MINOR}
            format=${show} disabled=${byPieces} active=${active === TOTAL} focus onFocus=${() => setActive(TOTAL)}
            limit=${byPieces ? "The sum of the pieces below" : `Up to ${show(AMOUNT_MAX_MINOR)}, or count the pieces`} />
          <div class="pieces">
            ${DENOMINATIONS.map(
              (piece) => html`<${AmountField} compact key=${piece} label=${`Pieces of ${show(piece)}`} shown=${`${show(piece)} ×`} name=${`piece-${piece}`}
                value=${values[piece] ?? null} onChange=${put(piece)} max=${PIECES_MAX} format=${String} placeholder="–"
                active=${active === piece} onFocus=${() => setActive(piece)} />`,
            )}
          </div>
        </div>
        <${Keypad} onKey=${key} disabled=${busy} />
      </div>
      <label class="field">Reason, where it differs <input name="reason" maxlength="200" value=${reason} onInput=${(event) => setReason(event.target.value)} /></label>
      ${above && html`<p class="notice bad" role="alert">That is more than ${show(AMOUNT_MAX_MINOR)}: count again.</p>`}
      <${Refusal} problem=${problem}>
        ${problem?.code === "half_paid_orders" && html`<${StillOpen} document=${problem.document} close=${close} busy=${busy} />`}
      <//>
      <button class="danger big" disabled=${busy || counted === null || above}>
        ${busy ? "Closing…" : `Close with ${counted === null ? "…" : show(counted)}`}</button>
    </form>
  <//>`;
}

const listed = (text) => String(text || "").split(",").filter(Boolean);

/** The orders that keep a till open, each a way to its payment, and who may carry them over. */
function StillOpen({ document, close, busy }) {
  const ids = listed(document.order_ids);
  const numbers = listed(document.order_numbers);
  const due = listed(document.due_minor);
  const open = (id) => {
    dialog.value = { name: "pay", id };
  };
  return html`<ul class="still-open">
      ${ids.map(
        (id, index) => html`<li key=${id}><button type="button" class="link" data-open=${numbers[index]} onClick=${() => open(id)}>
          Order ${numbers[index] ?? "–"}${due[index] ? `: ${money(Number(due[index]), currency.value)} due` : ""}</button></li>`,
      )}
    </ul>
    ${!may(APPROVES) && html`<p>Take what is due, or a manager or the owner approves that ${ids.length === 1 ? "it is" : "they are"} carried over.</p>`}
    <button type="button" disabled=${busy} onClick=${() => close(ids)}>Carry over ${count(ids.length, "order")} and close</button>`;
}
