"""The invariants of money: bills, payments, journal, drawers and Z reports, against what devices noted."""

from collections import Counter, defaultdict
from typing import Any

from tools.chaos.changes import CHANGES
from tools.chaos.evidence import Evidence, Violation
from tools.chaos.noted import noted_of


def totals_are_those_of_the_menu(evidence: Evidence) -> list[Violation]:
    """I12: an order costs what its device added up from the menu, in each answer and in the database."""
    found = []
    by_op, noted = evidence.orders_by_op(), noted_of(evidence)
    for op in evidence.operations:
        if not op.accepted or op.kind not in {"place", *CHANGES}:
            continue
        due = op.asked["total_minor"]
        said = {answer["total_minor"] for answer in op.answers}
        if said != {due}:
            what = f"{op.kind}: an order comes to {sorted(said)} where the menu says {due}"
            found.append(Violation("I12", what, (op.id,)))
        now = noted[op.id].total_minor if op.id in noted else due
        stored = {one.total_minor for one in by_op.get(op.id, ())} if op.kind == "place" else {now}
        if stored != {now}:
            what = f"an order is kept with {sorted(stored)} where the menu says {now}"
            found.append(Violation("I12", what, (op.id,)))
    return found


def checks_are_paid_once(evidence: Evidence) -> list[Violation]:
    """I5: no check has more money on it than it came to, however many devices took it."""
    totals = {
        str(op.asked["check_id"]): int(op.asked["check_minor"])
        for op in evidence.of_kind("pay")
        if "check_id" in op.asked
    }
    paid: Counter[str] = Counter()
    for payment in evidence.truth.payments:
        paid[payment.check_id] += payment.amount_minor
    return [
        Violation("I5", f"{paid[check_id]} was paid on a check of {total}", (check_id,))
        for check_id, total in totals.items()
        if paid[check_id] > total
    ]


def drawers_agree(evidence: Evidence) -> list[Violation]:
    """I13: a drawer must hold what its device noted, and each closing has a Z report of its own number."""
    found = []
    numbers: dict[str, Counter[int]] = defaultdict(Counter)
    for op in evidence.of_kind("close_till"):
        if not op.accepted:
            continue
        answer = op.answers[0]
        if answer["expected_minor"] != op.asked["counted_minor"] or answer["variance_minor"]:
            what = (
                f"a drawer must hold {op.asked['counted_minor']}, the report says {answer['expected_minor']}"
            )
            found.append(Violation("I13", what, (str(op.asked["till_session_id"]),)))
        numbers[op.restaurant_id][answer["z_number"]] += 1
    for restaurant_id, given in numbers.items():
        if sorted(given.elements()) != list(range(1, given.total() + 1)):
            what = f"Z reports have the numbers {sorted(given.elements())}"
            found.append(Violation("I13", what, (restaurant_id,)))
    return found


def money_adds_up(evidence: Evidence) -> list[Violation]:
    """I5: the journal balances, every payment promised is in it once and on its order, and no other."""
    truth, found = evidence.truth, []
    sums: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    accounts: dict[tuple[str, str, str], list[int]] = defaultdict(lambda: [0, 0])
    booked: Counter[str] = Counter()
    for _, payment_id in {(row.transaction_id, row.payment_id) for row in truth.ledger}:
        booked[payment_id] += 1
    for row in truth.ledger:
        account = (row.restaurant_id, row.account, row.currency)
        for sum_of in (sums[(row.transaction_id, row.currency)], accounts[account]):
            sum_of[0] += row.debit_minor
            sum_of[1] += row.credit_minor
    for (transaction, currency), (debit, credit) in sums.items():
        if debit != credit:
            what = f"a transaction has {debit} debit and {credit} credit in {currency}"
            found.append(Violation("I5", what, (transaction,)))
    for payment in truth.payments:
        if booked[payment.id] != 1:
            what = f"a payment is in the journal {booked[payment.id]} times"
            found.append(Violation("I5", what, (payment.id,)))
    for restaurant_id, rows in truth.trial_balance.items():
        said = {
            (restaurant_id, account, currency): [debit, credit] for account, currency, debit, credit in rows
        }
        true = {key: value for key, value in accounts.items() if key[0] == restaurant_id}
        if said != true:
            found.append(Violation("I5", "the trial balance is not the journal", (restaurant_id,)))
    return [*found, *_payments_promised(evidence)]


def _payments_promised(evidence: Evidence) -> list[Violation]:
    truth, found = evidence.truth, []
    by_order: dict[str, list[Any]] = defaultdict(list)
    for payment in truth.payments:
        by_order[payment.order_id].append(payment)
    promised: dict[str, list[int]] = defaultdict(list)
    unsettled = set()
    stored_ids = {payment.id for payment in truth.payments}
    for op in evidence.of_kind("pay"):
        order_id = str(op.asked["order_id"])
        if op.settled_at is None:
            unsettled.add(order_id)
        if not op.accepted:
            continue
        promised[order_id].append(op.asked["amount_minor"])
        if op.answers[0]["id"] not in stored_ids or op.asked.get("id", op.answers[0]["id"]) not in stored_ids:
            found.append(Violation("I5", "a payment has another id than was promised", (op.id, order_id)))
    for order_id in (promised.keys() | by_order.keys()) - unsettled:
        stored = [one.amount_minor for one in by_order.get(order_id, ())]
        if sorted(stored) != sorted(promised.get(order_id, ())):
            what = f"an order was paid {sorted(stored)} instead of {sorted(promised.get(order_id, ()))}"
            found.append(Violation("I5", what, (order_id,)))
    for order in truth.orders:
        paid = sum(one.amount_minor for one in by_order.get(order.id, ()))
        if paid != order.paid_minor:
            what = f"{paid} was paid and {order.paid_minor} is on the order"
            found.append(Violation("I5", what, (order.id,)))
        if paid > order.total_minor:
            found.append(Violation("I5", "more was paid than an order comes to", (order.id,)))
        if paid and order.lifecycle == "cancelled":
            found.append(Violation("I5", "a cancelled order has money on it", (order.id,)))
    return found
