"""The words in which the log of a run tells what a person did, by the event that a service wrote down.

Services write facts (``chassis.db.audit``, ``chassis.telemetry.deeds``); how they read is said here alone. An
event with no sentence of its own reads from its name.
"""

from collections.abc import Mapping
from typing import Any

from chassis.money import written

DEED_PARTS = frozenset({"audit", "deed"})
SENTENCES = {
    "auth.logged_in": "{role} logged in ({client})",
    "auth.log_in_refused": "log-in refused, failure {failures}",
    "auth.locked_out": "log-in locked by {locked} until {until}",
    "auth.logged_out": "logged out",
    "auth.token_reused": "a used token came again: its session is ended",
    "auth.restaurant_entered": "went on in another restaurant",
    "events.parked_retried": "{events} parked {type} to be tried again",
    "events.parked_discarded": "parked {type} of {consumer} discarded: {reason}",
    "orders.draft_kept": "draft kept: {place}, {total}",
    "orders.order_placed": "{order} placed: {place}, {total}",
    "orders.order_fired": "{order} sent to the kitchen: {place}",
    "orders.order_completed": "{order} completed: {place}, {total}",
    "orders.order_cancelled": "{order} cancelled: {place}, {total}",
    "orders.order_transferred": "{order} brought to {place}",
    "orders.lines_moved": "{order}: {amount} went to order {to_number} at table {table}",
    "orders.orders_merged": "order {part_number} became part of {order}: {total}",
    "orders.order_unmerged": "order {part_number} taken out of {order}: {total}",
    "orders.order_type_set": "{order} is {order_type} now, {total}",
    "orders.order_promised": "{order} was promised anew: {place}",
    "orders.slots_set": "the times that orders are promised for were set",
    "orders.lines_added": "{order}, more ordered: {place}, {total}",
    "orders.line_changed": "{order}, a line changed: {place}, {total}",
    "orders.sold_off_sale": "{order}: {quantity} sold that were not on sale ({reason}), {amount}",
    "orders.line_voided": "{order}: {quantity} voided, {amount}",
    "orders.discount_given": "{order}: {discount} taken off ({reason}): {place}, {total}",
    "orders.discount_removed": "{order}: {discount} no longer taken off: {place}, {total}",
    "orders.receipt_copied": "receipt of {order} printed again, copy {copies}",
    "orders.customer_saved": "a customer was written down",
    "orders.customer_erased": "a customer was erased",
    "orders.invoice_issued": "{order} invoiced: invoice {invoice_number}, {total}",
    "orders.credit_note_issued": "credit note {invoice_number} for {order}, {total}",
    "orders.table_cleared": "{place} cleared",
    "orders.ticket_started": "{order} started at {station}",
    "orders.ticket_bumped": "{order} bumped at {station}",
    "orders.ticket_recalled": "{order} recalled at {station}",
    "orders.ticket_served": "{order} served from {station}",
    "payments.till_opened": "till {till} opened with {opening_float}",
    "payments.drawer_opened": "drawer of till {till} opened: {kind}, {amount}",
    "payments.payment_taken": "{order} paid: {amount} by {method}{with_tip}",
    "payments.till_closed": "till {till} closed: counted {counted}, variance {variance}, Z report {z_number}",
}
CODES = frozenset({"kind", "method", "order_type", "role", "former_role"})
"""Facts whose values are names of the contract, written with underscores."""
MONEY = "_minor"


def sentence(entry: Mapping[str, Any], shown: Mapping[str, str]) -> str | None:
    """What a person did, or None for a log line that tells of something else.

    ``entry`` is the log line; ``shown`` its facts that may be seen, as text.
    """
    if entry.get("part") not in DEED_PARTS:
        return None
    facts = _worded(entry, shown)
    template = SENTENCES.get(str(entry["event"]))
    if template is not None:
        try:
            return template.format_map(facts | _derived(entry, facts))
        except KeyError:
            pass  # A fact is missing: the log of another version, which its name still tells of.
    what = str(entry["event"]).rpartition(".")[2].replace("_", " ")
    rest = ", ".join(f"{name.replace('_', ' ')} {text}" for name, text in facts.items())
    return f"{what}: {rest}" if rest else what


def _worded(entry: Mapping[str, Any], shown: Mapping[str, str]) -> dict[str, str]:
    currency = str(entry.get("currency", ""))
    facts = {}
    for name, text in shown.items():
        value = entry[name]
        if name.endswith(MONEY) and isinstance(value, int):
            facts[name.removesuffix(MONEY)] = written(value, currency)
        elif name in CODES:
            facts[name] = text.replace("_", " ")
        elif name not in ("part", "currency"):
            facts[name] = text
    return facts


def _derived(entry: Mapping[str, Any], facts: Mapping[str, str]) -> dict[str, str]:
    table = facts.get("table", "")
    place = f"table {table}" if table.isdecimal() else table or facts.get("order_type", "")
    order = f"order {facts['number']}" if entry.get("number") else "a draft"
    return {
        "order": order,
        "place": place,
        "with_tip": f", tip {facts['tip']}" if entry.get("tip_minor") else "",
    }
