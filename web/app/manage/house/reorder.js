// What to order now, by supplier, and the purchase list as a file.
import { get, request } from "../../api.js";
import { say } from "../../problem.js";
import { money } from "../../money.js";
import { currency } from "../../session.js";
import { count, plain, stockAmount } from "../../text.js";
import { Refusal, toast } from "../../ui.js";
import { html, useEffect, useState } from "../../view.js";
import { levels } from "./known.js";
import { useRead } from "./reading.js";

const FILE = "purchase-list.csv";
/** A busy evening moves the shelf every second; the list is read that often at most. */
const SETTLED_MS = 1_500;

/** Grows when the shelf has moved, and has been still for a moment. */
function useShelfMoves() {
  const [moves, setMoves] = useState(0);
  const known = levels.value.map((level) => level.version).join();
  useEffect(() => {
    const timer = setTimeout(() => setMoves((before) => before + 1), SETTLED_MS);
    return () => clearTimeout(timer);
  }, [known]);
  return moves;
}

async function download() {
  try {
    const { text } = await request("GET", "/stock/reorder", { headers: { Accept: "text/csv" } });
    const address = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
    const link = Object.assign(document.createElement("a"), { href: address, download: FILE });
    link.click();
    URL.revokeObjectURL(address);
  } catch (problem) {
    toast(say(problem), { tone: "bad" });
  }
}

export function Reorder() {
  const moves = useShelfMoves();
  const { found, problem, again } = useRead(() => get("/stock/reorder"), [moves]);
  if (!found) return problem ? html`<${Refusal} problem=${problem}><button class="link" onClick=${again}>Try again</button><//>` : html`<p class="empty">Reckoning what to order…</p>`;
  if (!found.items.length) {
    return html`<p class="empty">Nothing has to be ordered now. On this list is what has a supplier and will not last until its delivery: say under “On the shelf”, Supply, where things come from.</p>`;
  }
  return html`<div class="stack">
    <p><button class="primary" onClick=${download}>Download the list (CSV)</button></p>
    <${Refusal} problem=${problem} />
    ${found.suppliers.map((supplier) => html`<${Order} key=${supplier.supplier_id} supplier=${supplier} lines=${found.items.filter((one) => one.supplier_id === supplier.supplier_id)} />`)}
  </div>`;
}

function Order({ supplier, lines }) {
  const name = plain(supplier.supplier_name);
  return html`<section class="panel stack" aria-label=${name} data-order-from=${supplier.supplier_name}>
    <h2><bdi>${name}</bdi> <small class="quiet">${count(supplier.lead_days, "day")} · ${money(supplier.cost_minor, currency.value)}</small></h2>
    ${supplier.below_minimum && html`<p class="notice warn">They deliver from ${money(supplier.minimum_minor, currency.value)}: this is less.</p>`}
    <ul class="rows">${lines.map(
      (one) => html`<li key=${one.item_id} class="house-row" data-reorder=${one.item_name}>
        <div class="about"><strong><bdi>${plain(one.item_name)}</bdi></strong>
          <small class="quiet">${stockAmount(one.on_hand, one.unit)} here${one.on_order ? `, ${stockAmount(one.on_order, one.unit)} on order` : ""} · ${stockAmount(one.used, one.unit)} used in ${count(one.days, "day")}</small></div>
        <output class="left">${one.packs} × ${stockAmount(one.pack_size, one.unit)}</output><span>${money(one.cost_minor, currency.value)}</span></li>`,
    )}</ul>
  </section>`;
}
