// What a panel asks the server for.
import { useEffect, useState } from "../../view.js";

/** {found, problem, again}: what `read` answers, anew with each change of `known`; what was there stays until then. */
export function useRead(read, known) {
  const [state, setState] = useState({ found: null, problem: null });
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    let over = false;
    read().then(
      (found) => over || setState({ found, problem: null }),
      (problem) => over || setState((before) => ({ ...before, problem })),
    );
    return () => {
      over = true;
    };
  }, [...known, turn]);
  return { ...state, again: () => setTurn((before) => before + 1) };
}
