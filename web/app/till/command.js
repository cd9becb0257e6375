// A command of a form or a button: one key until it is answered or refused.
import { newId } from "../ids.js";
import { useState } from "../view.js";
import { approvedCommand } from "./approval.js";

/**
 * {run, busy, problem}; `run(path, body, how)` answers the body, or null where it was refused (then `problem` says
 * why). `how`: as of approvedCommand; a text says `what` it is, in words, for somebody who is asked to approve it.
 */
export function useCommand() {
  const [state, setState] = useState({ key: newId(), busy: false, problem: null });
  const run = async (path, body = {}, how = "This") => {
    const asked = typeof how === "string" ? { what: how } : { what: "This", ...how };
    if (state.busy) return null;
    setState({ ...state, busy: true, problem: null });
    try {
      const answer = await approvedCommand(path, body, { key: state.key, ...asked });
      setState({ key: newId(), busy: false, problem: null });
      return answer;
    } catch (problem) {
      setState({ key: problem.passing ? state.key : newId(), busy: false, problem });
      return null;
    }
  };
  return { ...state, run };
}
