// The picture of an item that is on the menu. It is saved at once, and not with what is typed beside it.
import { itemOf } from "../../menu.js";
import { PICTURE_TYPES, removePicture, uploadPicture } from "../../picture.js";
import { plain } from "../../text.js";
import { Refusal, toast } from "../../ui.js";
import { html, useRef, useState } from "../../view.js";
import { reload } from "./menu_changes.js";

/** `base`: the item as it was read; null before it is saved for the first time. `onSeen`: it has another version now. */
export function Picture({ base, onSeen }) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState(null);
  const chosen = useRef(null);
  if (!base) return html`<p class="quiet">Save it first; then it can have a picture.</p>`;
  const item = itemOf(base.id) ?? base;
  const run = async (act, words) => {
    if (busy) return;
    setBusy(true);
    setProblem(null);
    try {
      const { version } = await act(item);
      await reload(version);
      onSeen();
      toast(`${plain(item.name)}: ${words}`, { tone: "good" });
    } catch (refusal) {
      setProblem(refusal);
    }
    setBusy(false);
  };
  const choose = (event) => {
    const [file] = event.target.files;
    event.target.value = "";
    if (file) run((one) => uploadPicture(one, file), "that is its picture now");
  };
  return html`<div class="stack">
    ${item.image && html`<img class="item-image" src=${item.image.url} width=${item.image.width} height=${item.image.height} alt=${`Picture of ${plain(item.name)}`} />`}
    <input type="file" hidden ref=${chosen} accept=${PICTURE_TYPES.join(",")} onChange=${choose} aria-label="File of the picture" />
    <div class="row">
      <button type="button" disabled=${busy} onClick=${() => chosen.current.click()}>${busy ? "One moment…" : item.image ? "Another picture" : "Choose a picture"}</button>
      ${item.image && html`<button type="button" class="danger" disabled=${busy} onClick=${() => run(removePicture, "no picture any more")}>Remove</button>`}
    </div>
    <${Refusal} problem=${problem} />
  </div>`;
}
