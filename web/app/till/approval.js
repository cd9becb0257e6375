// What one may not do alone at the till: a second person approves it on the spot.
import { command } from "../api.js";
import { money, percent } from "../money.js";
import { Problem, say } from "../problem.js";
import { withSecondPerson } from "../second_person.js";
import { currency } from "../session.js";
import { ApprovalDialog } from "../ui.js";
import { html, signal, useRef, useState } from "../view.js";

/** Refusals that somebody else can lift. */
const NEEDED = new Set(["approval_needed", "variance_needs_manager"]);
/** Refusals of the repeated command that another try in the same dialog may mend. */
const OF_THE_APPROVAL = new Set(["approval_invalid", "approval_needs_reason", ...NEEDED]);
const CAUSES = {
  fired_line: (what) => `${what} is not for you alone: the kitchen has it already.`,
  drawer_limit: (what, limit) => `${what} is above what you may do alone (${limit} in all while this till is open).`,
  anothers_till: (what) => `${what} is not for you alone: somebody else opened this till.`,
  tip_limit: (what, limit) => `${what} is not for you alone: the tips of this bill would come to more than ${limit}.`,
  variance: (what, limit) => `${what} is not for you alone: the count differs by more than ${limit}.`,
  discount_cap: (what, _, { cap_bp: cap }) => `${what} is more than you may take off alone (${percent(Number(cap))}).`,
  off_sale: (what) => `${what} is not for you alone: something in it is not on sale now.`,
  carry_over: (what) => `${what} is not for you alone: orders that are paid in part are carried over.`,
};
const FAULTS = {
  same_person: "That is you. Somebody else has to approve it.",
  cap_exceeded: "This is more than this person may take off either. The owner may.",
  permission_missing: "This person may not approve it either. A manager or the owner may.",
};
const AGAIN = "That did not arrive in time. Type the password once more.";
const UNKNOWN =
  "No answer came, so we do not know yet whether it was done. Approve it once more: it is only done once.";
const NO_CONNECTION = "No connection to the server, so nothing was done. Check the network and try again.";

/** The command that waits for somebody else, or null. */
const asked = signal(null);
/** Reasons that were sent with an approval and not answered, by key: the same key stands for the same body. */
const sentReasons = new Map();

/**
 * `command` of api.js under `key`. Where it is refused for want of a second person, asks for one and repeats it, with
 * the same key. `what` it is, in words: "Paying out £80.00"; `reasoned`: why is said in the body by another name.
 * Throws Problem: where nobody approves, the refusal.
 */
export async function approvedCommand(path, given, { key, what, reasoned = false, method = "POST" }) {
  const finger = document.activeElement;
  const reason = given.reason || sentReasons.get(key);
  const body = reason ? { ...given, reason } : given;
  try {
    const answer = await command(path, body, { key, method });
    sentReasons.delete(key);
    return answer;
  } catch (problem) {
    if (!NEEDED.has(problem.code) || asked.value) throw problem;
    return new Promise((resolve, reject) => {
      const end = (finish) => (result) => {
        asked.value = null;
        finish(result);
        // What was pressed is disabled until its form has heard.
        requestAnimationFrame(() => backTo(finger));
      };
      asked.value = { path, body, key, what, reasoned, method, problem, done: end(resolve), over: end(reject) };
    });
  }
}

function backTo(finger) {
  if (finger?.isConnected) finger.focus();
  else [...document.querySelectorAll("dialog:modal")].at(-1)?.focus();
}

/** The one dialog of all commands: a page draws it after its others. */
export function Approval() {
  const waits = asked.value;
  return waits && html`<${Asking} key=${waits.key} asked=${waits} />`;
}

function Asking({ asked: { path, body, key, what, reasoned, method, problem, done, over } }) {
  const [busy, setBusy] = useState(false);
  const [said, setSaid] = useState(null);
  // What was sent with an approval and not answered: whoever goes on goes on with the same.
  const attempt = useRef({ body: null, cancelled: false }).current;
  const cancel = () => {
    attempt.cancelled = true;
    if (!attempt.body) return over(problem);
    sentReasons.set(key, attempt.body.reason);
    return over(new Problem(0, { code: "outcome_unknown" }));
  };
  const approve = async ({ reason, ...person }) => {
    setBusy(true);
    setSaid(null);
    let ours = false;
    try {
      const answer = await withSecondPerson(person, async (token) => {
        if (attempt.cancelled) throw problem;
        ours = true;
        attempt.body = reasoned ? body : { ...body, reason: body.reason || reason };
        return command(path, { ...attempt.body, approval: { token } }, { key, method });
      });
      if (!attempt.cancelled) done(answer);
    } catch (refusal) {
      if (attempt.cancelled) return;
      if (ours && !refusal.passing) attempt.body = null;
      if (ours && !refusal.passing && !OF_THE_APPROVAL.has(refusal.code)) over(refusal);
      else {
        setSaid({ ...wordsOf(refusal, ours), at: Date.now() });
        setBusy(false);
      }
    }
  };
  return html`<${ApprovalDialog} why=${why(what, problem)} asksReason=${!reasoned && !body.reason} fixed=${Boolean(attempt.body)}
    busy=${busy} said=${said} onApprove=${approve} onCancel=${cancel} />`;
}

function why(what, { message, document }) {
  const sentence = CAUSES[document.cause]?.(what, money(Number(document.limit_minor), currency.value), document) ?? message;
  return `${sentence} A manager or the owner signs in here to approve it.`;
}

/** {words, about?: the field to mend}. `ours`: it is the command that was refused, and not the log-in. */
function wordsOf(refusal, ours) {
  if (refusal.status === 0) return { words: ours ? UNKNOWN : NO_CONNECTION };
  if (ours && refusal.passing) return { words: UNKNOWN };
  if (ours && NEEDED.has(refusal.code)) return { words: AGAIN };
  if (refusal.code === "approval_needs_reason") return { words: say(refusal), about: "approval-reason" };
  if (refusal.code !== "approval_invalid") return { words: say(refusal) };
  const words = FAULTS[refusal.document.fault];
  return words ? { words, about: "approver-email" } : { words: AGAIN };
}
