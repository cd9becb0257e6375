// A command of a form or a button: one key until it is answered or refused.
import { command } from "../api.js";
import { newId } from "../ids.js";
import { useState } from "../view.js";

/** {run, busy, problem}; `run(path, body)` answers the body, or null where it was refused (then `problem` says why). */
export function useCommand() {
  const [state, setState] = useState({ key: newId(), busy: false, problem: null });
  const run = async (path, body = {}) => {
    if (state.busy) return null;
    setState({ ...state, busy: true, problem: null });
    try {
      const answer = await command(path, body, { key: state.key });
      setState({ key: newId(), busy: false, problem: null });
      return answer;
    } catch (problem) {
      setState({ key: problem.passing ? state.key : newId(), busy: false, problem });
      return null;
    }
  };
  return { ...state, run };
}
