// A menu as a file: looked at before it is taken in, and given out.
import { command, request } from "../../api.js";
import { Problem, say } from "../../problem.js";
import { count, plain } from "../../text.js";
import { Dialog, Refusal, toast } from "../../ui.js";
import { html, useRef, useState } from "../../view.js";
import { reload } from "./menu_changes.js";

const TYPES = {
  csv: "text/csv",
  xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
  json: "application/json",
};
/** What the server reads of one file at most. */
const BYTES_MAX = 2_097_152;
/** A file of a thousand rows takes the server a while. */
const TIMEOUT_MS = 25_000;

/** Gives the whole menu out as a file. */
async function exportMenu(format) {
  try {
    const { body, headers } = await request("GET", `/menu/export?format=${format}`, {
      file: true,
      timeout: TIMEOUT_MS,
      headers: { Accept: "*/*" },
    });
    const link = document.createElement("a");
    link.href = URL.createObjectURL(body);
    link.download = /filename="?([^";]+)/.exec(headers.get("Content-Disposition") ?? "")?.[1] ?? `menu.${format}`;
    link.click();
    // After the browser has begun to store it.
    setTimeout(() => URL.revokeObjectURL(link.href), TIMEOUT_MS);
  } catch (problem) {
    toast(say(problem), { tone: "bad" });
  }
}

function Exports() {
  return html`<section class="stack part-of-item"><h3>Export</h3>
    <p class="quiet">The whole menu, to be changed elsewhere and imported again.</p>
    <div class="row">
      ${Object.keys(TYPES).map((format) => html`<button type="button" key=${format} onClick=${() => exportMenu(format)}>${format.toUpperCase()}</button>`)}
    </div>
  </section>`;
}

const send = (file, dryRun) => command(`/menu/import?dry_run=${dryRun}`, file, { timeout: TIMEOUT_MS });

/** Choose a file, see what it would change, take it in; or have one given out, where there is a menu. */
export function FilesDialog({ empty, onClose }) {
  const [file, setFile] = useState(null);
  const [found, setFound] = useState(null);
  const [busy, setBusy] = useState("");
  const [problem, setProblem] = useState(null);
  const input = useRef(null);
  const look = async (event) => {
    const [picked] = event.target.files;
    if (!picked) return;
    setFound(null);
    setProblem(null);
    try {
      const type = TYPES[picked.name.split(".").at(-1).toLowerCase()];
      if (!type) throw new Problem(415, { code: "file_type", detail: "A menu is a file whose name ends in .csv, .xlsx or .json." });
      if (picked.size > BYTES_MAX) throw new Problem(413, { code: "file_size", detail: "A menu file has 2 MB at most." });
      // Read now: what is shown is what is taken in, even if the file is written anew meanwhile.
      const content = new Blob([await picked.arrayBuffer()], { type });
      setFile({ name: picked.name, content });
      setBusy("Looking at it…");
      setFound(await send(content, true));
    } catch (refusal) {
      setProblem(refusal);
    }
    setBusy("");
  };
  const take = async () => {
    if (busy) return;
    setBusy("Taking it in…");
    setProblem(null);
    try {
      const done = await send(file.content, false);
      if (done.rejected.length) setFound(done);
      else {
        await reload(done.menu_version ?? 0);
        toast(`Menu taken in: ${done.created} new, ${done.updated} changed`, { tone: "good" });
        onClose();
        return;
      }
    } catch (refusal) {
      setProblem(refusal);
    }
    setBusy("");
  };
  const able = found && !found.rejected.length && found.created + found.updated > 0;
  return html`<${Dialog} title=${empty ? "Import a menu" : "The menu as a file"} name="import" wide onClose=${onClose}>
    <div class="stack">
      <p class="quiet">CSV, XLSX or JSON, as the export gives it. Nothing is changed before you have seen what it would do.</p>
      <input class="sr-only" type="file" ref=${input} aria-label="Menu file" accept=".csv,.xlsx,.json" tabindex="-1" onChange=${look} />
      <button type="button" class=${found ? "" : "primary big"} data-focus disabled=${Boolean(busy)} onClick=${() => input.current.click()}>
        ${file ? "Choose another file" : "Choose a file"}</button>
      ${file && html`<p><bdi>${plain(file.name)}</bdi></p>`}
      ${busy && html`<p role="status">${busy}</p>`}
      <${Refusal} problem=${problem} />
      ${found && html`<${Found} found=${found} />`}
      ${found && html`<button type="button" class="primary big" disabled=${!able || Boolean(busy)} onClick=${take}>
        ${able ? `Import ${count(found.created + found.updated, "row")}` : "Import"}</button>`}
      ${!empty && !found && html`<${Exports} />`}
    </div>
  <//>`;
}

function Found({ found }) {
  const { created, updated, unchanged, rejected } = found;
  const rows = [
    ["created", "New", created],
    ["updated", "Changed", updated],
    ["unchanged", "As they are", unchanged],
    ["rejected", "Refused", rejected.length],
  ];
  return html`<div class="stack found-rows" role="status">
    <table class="keys import-counts"><caption class="sr-only">What the file would do</caption><tbody>
      ${rows.map(([name, label, number]) => html`<tr key=${name} data-row-kind=${name}><th scope="row">${label}</th><td>${number}</td></tr>`)}
    </tbody></table>
    ${
      rejected.length > 0
        ? html`<p class="notice bad">While a row is refused nothing is imported. Put these right in the file and choose it again.</p>
          <table class="keys rejections"><thead><tr><th scope="col">Row</th><th scope="col">Column</th><th scope="col">Why</th></tr></thead><tbody>
            ${rejected.map((one, index) => html`<tr key=${index}><td>${one.row}</td><td>${plain(one.field) || "–"}</td><td>${plain(one.detail)}</td></tr>`)}
          </tbody></table>`
        : created + updated === 0 && html`<p class="notice good">The menu is as the file says already.</p>`
    }
  </div>`;
}
