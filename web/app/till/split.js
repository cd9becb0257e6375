// One order, several bills: how it is split, and what each check has paid.
import { command, get } from "../api.js";
import { newId } from "../ids.js";
import { money } from "../money.js";
import { may } from "../session.js";
import { count, plain } from "../text.js";
import { Dialog, MoneyPad, Refusal, rove, Segmented, Stepper, toast } from "../ui.js";
import { html, useState } from "../view.js";
import { closeDialog, dialog, learnOrder, orderOf } from "./shop.js";

const WAYS_MAX = 40;
const GROUPS_MAX = 12;
const FEWEST = 2;
const SHARES = { 2: "½", 3: "⅓", 4: "¼" };

const isFrozen = (check) => check.paid_minor > 0;

/** What a check is called: "Check 1 of 3", "Seat 2", or what somebody has called it. */
export function checkName(check) {
  return /^\d/.test(check.label) ? `Check ${plain(check.label)}` : plain(check.label);
}

/** The check of an order, or undefined where it is split no more, or in another way. */
export function checkOf(order, id) {
  return order.split?.checks.find((check) => check.id === id);
}

/** The way to the checks; nothing where nothing is left to pay. */
export function SplitButton({ order }) {
  if (order.totals.due_minor === 0 || order.lifecycle !== "validated" || !may("orders.place")) return null;
  return html`<button type="button" class="ghost" onClick=${() => (dialog.value = { name: "split", id: order.id })}>${
    order.split ? "Checks" : "Split"
  }</button>`;
}

/** How many of the checks are paid. */
export function SplitChip({ order }) {
  if (!order.split) return null;
  const { checks } = order.split;
  return html`<span class="chip">${checks.filter((check) => check.state === "paid").length} of ${count(checks.length, "check")} paid</span>`;
}

export function SplitDialog({ id }) {
  const order = orderOf(id);
  const [changing, setChanging] = useState(false);
  const [attempt, setAttempt] = useState({ key: newId(), busy: false, problem: null });
  if (!order) return null;
  const back = () => (dialog.value = { name: "order", id });
  const split = async (body, seen) => {
    if (attempt.busy) return;
    setAttempt({ ...attempt, busy: true, problem: null, conflict: null });
    try {
      await command(`/orders/${id}/split`, { ...body, base_version: seen }, { key: attempt.key, method: "PUT" });
      const after = learnOrder(await get(`/orders/${id}`));
      setAttempt({ key: newId(), busy: false, problem: null });
      setChanging(false);
      if (after.split) return;
      toast(`Order ${order.number} is one bill`, { tone: "good" });
      back();
    } catch (problem) {
      const conflict = problem.document?.conflict;
      if (conflict) await showTheirs(conflict);
      else setAttempt({ key: problem.passing ? attempt.key : newId(), busy: false, problem });
    }
  };
  // Somebody else has split it since: what they made of it is shown, and can be split another way.
  const showTheirs = async (conflict) => {
    const problem = await get(`/orders/${id}`).then((after) => learnOrder(after) && null, (refusal) => refusal);
    setChanging(false);
    setAttempt({ key: newId(), busy: false, problem, conflict });
  };
  const shown = order.split && !changing;
  const title = `Order ${order.number ?? ""}: ${shown ? "checks" : "how is it split?"}`;
  return html`<${Dialog} title=${title} name="split" wide onClose=${back}>
    ${attempt.conflict && html`<p class="notice warn" role="alert">Somebody split this order meanwhile: ${attempt.conflict.theirs}. Yours was: ${attempt.conflict.yours}.</p>`}
    ${
      shown
        ? html`<${Checks} order=${order} attempt=${attempt} split=${split} change=${() => setChanging(true)} />`
        : html`<${Ways} order=${order} attempt=${attempt} split=${split} />`
    }
  <//>`;
}

function Checks({ order, attempt, split, change }) {
  const { checks } = order.split;
  const paper = (check) => (dialog.value = { name: "receipt", id: order.id, check: check.id });
  const pay = (check) => (dialog.value = { name: "pay", id: order.id, check: check?.id });
  const due = order.totals.due_minor;
  const next = checks.find((check) => check.due_minor > 0);
  return html`<div class="stack">
    <ul class="checks" onKeyDown=${(event) => rove(event, ".check-pay")}>
      ${checks.map((check) => html`<${CheckRow} key=${check.id} order=${order} check=${check} pay=${pay} paper=${paper} first=${check === next} />`)}
    </ul>
    <${Refusal} problem=${attempt.problem} />
    <div class="row spread">
      <div class="row">
        ${due > 0 && html`<button type="button" class="ghost" disabled=${attempt.busy} onClick=${change}>Split another way</button>`}
        ${
          !checks.some(isFrozen) &&
          html`<button type="button" class="ghost" disabled=${attempt.busy} onClick=${() => split({ mode: "even", ways: 1 }, order.version)}>One bill</button>`
        }
      </div>
      ${
        due > 0 &&
        may("payments.take") &&
        html`<button type="button" onClick=${() => pay(null)}>Pay all that is open ${money(due, order.currency)}</button>`
      }
    </div>
  </div>`;
}

function CheckRow({ order, check, pay, paper, first }) {
  const amount = (minor) => money(minor, order.currency);
  const what = check.due_minor > 0 ? "Bill" : "Receipt";
  const names = check.lines.map(({ line_id, share }) => {
    const line = order.lines.find((one) => one.id === line_id);
    return `${share === "1" ? "" : `${share} of `}${line ? `${line.quantity} ${plain(line.name)}` : "a line"}`;
  });
  return html`<li class="check" data-check=${check.id} data-state=${check.state}>
    <div><strong><bdi>${checkName(check)}</bdi></strong>
      ${names.length > 0 && html`<small><bdi>${names.join(", ")}</bdi></small>`}
      ${check.service_charge_minor > 0 && html`<small>with ${amount(check.service_charge_minor)} service charge</small>`}</div>
    <div class="check-sum"><output>${amount(check.total_minor)}</output>
      ${check.paid_minor > 0 && html`<small>${amount(check.paid_minor)} paid</small>`}</div>
    <button type="button" class="ghost check-paper" aria-label=${`${what} of ${checkName(check)}`} onClick=${() => paper(check)}>${what}</button>
    ${
      check.due_minor > 0
        ? html`<button type="button" class="check-pay ${first ? "primary" : ""}" data-focus=${first || undefined} disabled=${!may("payments.take")}
          aria-label=${`Pay ${checkName(check)}, ${amount(check.due_minor)}`} onClick=${() => pay(check)}>Pay ${amount(check.due_minor)}</button>`
        : html`<span class="chip paid">Paid</span>`
    }
  </li>`;
}

/** The ways to split it; which are offered follows from the order. */
function Ways({ order, attempt, split }) {
  const seats = [...new Set(order.lines.filter((line) => !line.voided && line.seat).map((line) => line.seat))];
  const ways = [
    { value: "even", label: "Evenly" },
    { value: "item", label: "By item" },
    ...(seats.length ? [{ value: "seat", label: "By seat" }] : []),
    { value: "amount", label: "By amount" },
  ];
  const known = ways.some((way) => way.value === order.split?.mode);
  const [mode, setMode] = useState(known ? order.split.mode : "even");
  // What was on the screen when somebody began to say how it is split.
  const [seen] = useState(order.version);
  const Editor = { even: Evenly, item: ByItem, seat: BySeat, amount: ByAmount }[mode];
  const frozen = (order.split?.checks || []).filter(isFrozen);
  const paid = frozen.reduce((sum, check) => sum + check.total_minor, 0);
  return html`<div class="stack">
    <${Segmented} label="How it is split" value=${mode} options=${ways} onChange=${setMode} />
    ${
      frozen.length > 0 &&
      html`<p class="notice">${count(frozen.length, "check")} with money on stay as they are. ${money(order.totals.total_minor - paid, order.currency)} is split.</p>`
    }
    <${Editor} key=${mode} order=${order} seats=${seats} frozen=${frozen} busy=${attempt.busy} split=${(body) => split(body, seen)} />
    <${Refusal} problem=${attempt.problem} />
  </div>`;
}

function Evenly({ order, frozen, busy, split }) {
  const fixed = order.split?.mode === "even" && frozen.some((check) => check.kind === "share") ? order.split.ways : null;
  const [ways, setWays] = useState(fixed ?? Math.min(WAYS_MAX, Math.max(FEWEST, order.covers ?? FEWEST)));
  const finish = (event) => {
    event.preventDefault();
    split({ mode: "even", ways });
  };
  return html`<form class="stack center" onSubmit=${finish}>
    ${
      fixed
        ? html`<p>Somebody has paid one of ${fixed} shares, so that ${fixed} it stays.</p>`
        : html`<div class="check-ways"><${Stepper} label="guest" value=${ways} onChange=${setWays} min=${FEWEST} max=${WAYS_MAX} /></div>`
    }
    ${!frozen.length && html`<p class="due"><output name="each">${money(Math.ceil(order.totals.total_minor / ways), order.currency)}</output><small>each, to the penny</small></p>`}
    <button class="primary big" data-focus disabled=${busy}>Split in ${ways}</button>
  </form>`;
}

function ByItem({ order, frozen, busy, split }) {
  const [groups, setGroups] = useState([[], []]);
  const [mine, setMine] = useState(0);
  const gone = new Set(frozen.flatMap((check) => check.lines.filter((line) => line.share === "1").map((line) => line.line_id)));
  const lines = order.lines.filter((line) => !line.voided && !gone.has(line.id));
  const holders = (line) => groups.flatMap((group, index) => (group.includes(line.id) ? [index] : []));
  const tap = (line) => {
    const toggled = (group) => (group.includes(line.id) ? group.filter((one) => one !== line.id) : [...group, line.id]);
    setGroups(groups.map((group, index) => (index === mine ? toggled(group) : group)));
  };
  const another = () => {
    setGroups([...groups, []]);
    setMine(groups.length);
  };
  const chosen = groups.filter((group) => group.length);
  const nobodys = lines.filter((line) => !holders(line).length).length;
  const finish = (event) => {
    event.preventDefault();
    split({ mode: "item", groups: chosen.map((group) => ({ lines: group.map((line_id) => ({ line_id })) })) });
  };
  return html`<form class="stack" onSubmit=${finish}>
    <div class="check-tabs">
      <${Segmented} label="Whose lines" value=${mine} onChange=${setMine}
        options=${groups.map((group, index) => ({ value: index, label: `Check ${index + 1} · ${group.length}` }))} />
      <button type="button" class="ghost" disabled=${groups.length >= GROUPS_MAX} onClick=${another}>+ Check</button>
    </div>
    <p class="quiet">Tap what check ${mine + 1} pays. What several checks have, they share.</p>
    <div class="split-lines" onKeyDown=${(event) => rove(event)}>
      ${lines.map((line) => {
        const on = holders(line);
        return html`<button type="button" key=${line.id} data-line=${line.id} class="split-line" aria-pressed=${on.includes(mine)} onClick=${() => tap(line)}>
          <span><bdi>${line.quantity} ${plain(line.name)}</bdi></span>
          <span class="quiet">${money(line.gross_minor - line.discount_minor, order.currency)}</span>
          <small>${on.length ? `${on.length > 1 ? `${SHARES[on.length] ?? `1/${on.length}`} each: ` : ""}check ${on.map((index) => index + 1).join(", ")}` : "nobody’s"}</small>
        </button>`;
      })}
    </div>
    ${nobodys > 0 && chosen.length > 0 && html`<p class="quiet">${count(nobodys, "line")} nobody’s yet: together a check of their own.</p>`}
    <button class="primary big" disabled=${busy || !chosen.length || chosen.length + (nobodys ? 1 : 0) < FEWEST}>Split</button>
  </form>`;
}

function BySeat({ order, seats, busy, split }) {
  const shared = order.lines.filter((line) => !line.voided && !line.seat).length;
  const finish = (event) => {
    event.preventDefault();
    split({ mode: "seat" });
  };
  return html`<form class="stack" onSubmit=${finish}>
    <ul class="checks">${[...seats]
      .sort((a, b) => a - b)
      .map((seat) => {
        const names = order.lines.filter((line) => !line.voided && line.seat === seat).map((line) => `${line.quantity} ${plain(line.name)}`);
        return html`<li class="check" key=${seat}><div><strong>Seat ${seat}</strong><small><bdi>${names.join(", ")}</bdi></small></div></li>`;
      })}</ul>
    ${shared > 0 && html`<p class="quiet">${count(shared, "line")} at no seat: everybody pays a part.</p>`}
    <button class="primary big" data-focus disabled=${busy}>Split by seat</button>
  </form>`;
}

function ByAmount({ order, frozen, busy, split }) {
  const [amounts, setAmounts] = useState([]);
  const [typing, setTyping] = useState(null);
  const whole = order.totals.total_minor - frozen.reduce((sum, check) => sum + check.total_minor, 0);
  const left = whole - amounts.reduce((sum, one) => sum + one, 0);
  const amount = (minor) => money(minor, order.currency);
  const add = () => {
    setAmounts([...amounts, typing]);
    setTyping(null);
  };
  const fits = typing > 0 && typing <= left && amounts.length < GROUPS_MAX;
  const finish = (event) => {
    event.preventDefault();
    if (typing === null && amounts.length) split({ mode: "amount", groups: amounts.map((amount_minor) => ({ amount_minor })) });
    else if (fits) add();
  };
  return html`<form class="stack" onSubmit=${finish}>
    <${MoneyPad} label="Somebody pays" name="amount" value=${typing} onChange=${setTyping} currency=${order.currency} max=${left} disabled=${busy} focus>
      <button type="button" class="big" disabled=${!fits} onClick=${add}>${fits ? `A check of ${amount(typing)}` : "A check of this amount"}</button>
      <ul class="amounts">${amounts.map(
        (one, index) => html`<li key=${index}><button type="button" aria-label=${`Take ${amount(one)} away`}
          onClick=${() => setAmounts(amounts.filter((_, other) => other !== index))}>${amount(one)} ✕</button></li>`,
      )}</ul>
    <//>
    <p class="due"><small>The last check</small><output name="left">${amount(left)}</output></p>
    <button class="primary big" disabled=${busy || !amounts.length || typing !== null}>Split</button>
  </form>`;
}

/** After a check is paid: back to the others. */
export function backFromPaying(id, check) {
  if (check) dialog.value = { name: "split", id };
  else closeDialog();
}
