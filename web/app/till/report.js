// X and Z reports, as they are read on the screen and printed.
import { get } from "../api.js";
import { dateTime } from "../clock.js";
import { money, percent } from "../money.js";
import { say } from "../problem.js";
import { restaurant } from "../session.js";
import { methodName, plain } from "../text.js";
import { Dialog } from "../ui.js";
import { html, useEffect, useState } from "../view.js";
import { Events } from "./movements.js";
import { closeDialog } from "./shop.js";

export function XReport({ id }) {
  const [report, setReport] = useState(null);
  const [problem, setProblem] = useState(null);
  useEffect(() => {
    get(`/till-sessions/${id}/x-report`).then(setReport, setProblem);
  }, [id]);
  if (report) return html`<${Report} report=${report} />`;
  return html`<${Dialog} title="X report" name="report" onClose=${closeDialog}>
    <p class="quiet">${problem ? say(problem) : "Adding up…"}</p>
  <//>`;
}

/** A report of a till: X while it is open (no number), Z when it was closed. */
export function Report({ report }) {
  const title = report.number ? `Z report ${report.number}` : "X report";
  const show = (minor) => money(minor, report.currency);
  return html`<${Dialog} title=${title} name="report" wide onClose=${closeDialog}>
    <article class="report" data-report=${report.number ? "z" : "x"}>
      <header>
        <h3><bdi>${plain(restaurant.value.name)}</bdi></h3>
        <p>${title} · Till <bdi>${plain(report.till)}</bdi> · ${report.business_date || ""}</p>
        <p class="quiet">${dateTime(report.from_time, restaurant.value.timezone)} to ${dateTime(report.until_time, restaurant.value.timezone)}</p>
      </header>
      <${Rows} name="Sales" rows=${[
        ["Gross", show(report.gross_minor), "gross"],
        ["Discounts", show(report.comp_minor - report.discount_minor), "discounts"],
        [`On the house × ${report.comp_count}`, show(-report.comp_minor), "comps"],
        ["Voids", show(-report.void_minor)],
        ["Refunds", show(-report.refund_minor)],
        ["Net", show(report.net_minor), "net"],
        ["Service charge", show(report.service_charge_minor)],
        ["Tips", show(report.tip_minor)],
      ]} />
      ${report.nothing && html`<${Nothing} nothing=${report.nothing} show=${show} />`}
      <${Rows} name="VAT" rows=${report.vat.map((rate) => [`${percent(rate.rate_bp)} of ${show(rate.gross_minor)}`, show(rate.vat_minor)])} />
      <${Rows} name="Payments" rows=${report.tenders.map((tender) => [
        `${methodName(tender.method)} × ${tender.count}`,
        show(tender.amount_minor),
        `tender-${tender.method}`,
      ])} />
      <${CashRows} cash=${report.cash} show=${show} closed=${Boolean(report.number)} />
      ${
        report.drawer_events.length > 0 &&
        html`<section><h4>In and out of the drawer</h4><${Events} events=${report.drawer_events} currency=${report.currency} /></section>`
      }
      <${Rows} name="Service" rows=${[
        ["Orders", report.order_count],
        ["Covers", report.covers],
        [
          "First and last order",
          report.first_order_number ? `${report.first_order_number} – ${report.last_order_number}` : "–",
        ],
        ["Fees expected", show(report.fee_minor)],
        ...report.staff.map((person) => [`${plain(person.name) || "–"} × ${person.count}`, show(person.amount_minor)]),
      ]} />
      ${report.hash && html`<p class="hash">${report.hash}</p>`}
    </article>
    <div class="row spread no-print">
      <button class="ghost" onClick=${closeDialog}>Close</button>
      <button class="primary big" onClick=${() => print()}>Print</button>
    </div>
  <//>`;
}

/** Orders that nobody pays for, because nothing is left of them. */
function Nothing({ nothing, show }) {
  return html`<${Rows} name="Orders that came to nothing" rows=${[
    ["Orders", nothing.order_count, "nothing"],
    ["Voids", show(-nothing.void_minor), "nothing-voids"],
    ["Discounts", show(nothing.comp_minor - nothing.discount_minor)],
    [`On the house × ${nothing.comp_count}`, show(-nothing.comp_minor), "nothing-comps"],
  ]} />`;
}

function CashRows({ cash, show, closed }) {
  if (!cash) return null;
  const rows = [
    ["Opening float", show(cash.opening_float_minor)],
    ["Cash sales", show(cash.cash_sales_minor), "cash-sales"],
    ["Cash refunds", show(-cash.cash_refunds_minor)],
    ["Paid in", show(cash.paid_in_minor)],
    ["Paid out", show(-cash.paid_out_minor)],
    ["Drops", show(-cash.drops_minor)],
    ["Should be there", show(cash.expected_minor), "expected"],
  ];
  if (closed) {
    rows.push(["Counted", show(cash.counted_minor), "counted"], ["Difference", show(cash.variance_minor), "variance"]);
    if (cash.variance_reason) rows.push(["Reason", plain(cash.variance_reason)]);
    if (cash.approved_by) rows.push(["Approved by", plain(cash.approved_by.name), "approved-by"]);
  }
  return html`<${Rows} name="Cash" rows=${rows} />`;
}

function Rows({ name, rows }) {
  if (!rows.length) return null;
  return html`<table><caption>${name}</caption><tbody>
    ${rows.map(([label, value, id]) => html`<tr key=${label} data-row=${id}><th scope="row">${label}</th><td>${value}</td></tr>`)}
  </tbody></table>`;
}
