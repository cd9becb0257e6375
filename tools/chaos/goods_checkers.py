"""The invariants of goods: what cooks were given and what is on the shelf, against what devices noted."""

from collections import Counter, defaultdict

from tools.chaos.evidence import Evidence, Violation
from tools.chaos.noted import noted_of
from tools.chaos.storeroom import COUNT, DELIVERY, STEPS


def tickets_hold_every_unit_once(evidence: Evidence) -> list[Violation]:
    """I4: the tickets of an order hold every unit that was ordered, once: none is lost, none is cooked twice.
    Units that were taken off again stay on them, as off.
    """
    found = []
    orders = {order.id: order for order in evidence.truth.orders}
    noted = noted_of(evidence)
    on_tickets: dict[str, Counter[str]] = defaultdict(Counter)
    for (order_id, item_id), units in evidence.truth.ticket_units.items():
        on_tickets[order_id][item_id] += units
    for op in evidence.of_kind("place"):
        order = orders.get(str(op.answers[0]["id"])) if op.id in noted else None
        if order is None:
            continue
        due = op.asked["flow"] == "pay_later" or order.paid_minor >= order.total_minor
        wanted = Counter(noted[op.id].cooked) if due else Counter[str]()
        if on_tickets[order.id] != wanted:
            what = f"tickets hold {dict(on_tickets[order.id])} where {dict(wanted)} was ordered"
            found.append(Violation("I4", what, (op.id, order.id)))
    return found


def the_shelf_is_as_noted(evidence: Evidence) -> list[Violation]:
    """I6: what is available is what was there at first and what came, less what was thrown away and ordered.

    Whether the goods of a cancelled order are back depends on how far the kitchen was: either is right.
    """
    truth, opening = evidence.truth, dict(evidence.opening_stock)
    for op in evidence.operations:
        if op.kind in STEPS and op.accepted:
            item_id, quantity = str(op.asked["item_id"]), int(op.asked["quantity"])
            if op.kind == COUNT:
                opening[item_id] = quantity
            else:
                opening[item_id] += quantity if op.kind == DELIVERY else -quantity
    used: Counter[str] = Counter()
    unsure: Counter[str] = Counter()
    cancelled = {order.op for order in truth.orders if order.lifecycle == "cancelled"}
    for op_id, noted in noted_of(evidence).items():
        (unsure if op_id in cancelled else used).update(noted.cooked)
    found = []
    for row in truth.stock:
        if row.item_id not in opening:
            continue
        most = opening[row.item_id] - used[row.item_id]
        available = row.on_hand - row.reserved
        if not most - unsure[row.item_id] <= available <= most:
            what = f"{available} available, notes say {most - unsure[row.item_id]} to {most}"
            found.append(Violation("I6", what, (row.item_id,)))
    return found
