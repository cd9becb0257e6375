// What the server refuses, said where it was asked for.
import { say } from "../problem.js";
import { html, useEffect, useRef } from "../view.js";

/** Nothing while there is no problem; else its words, in view. `children`: what can be done about it. */
export function Refusal({ problem, children }) {
  const element = useRef(null);
  useEffect(() => {
    if (problem) element.current.scrollIntoView({ block: "nearest" });
  }, [problem]);
  if (!problem) return null;
  return html`<div class="notice bad stack" role="alert" ref=${element}><p>${say(problem)}</p>${children}</div>`;
}
