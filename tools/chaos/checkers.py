"""The invariants: pure functions over what devices were promised and what is true. Numbers: reliability.md.

Each answers its violations with the smallest set of ids that shows one.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from tools.chaos.channel_store import ChannelStore
from tools.chaos.history import Operation
from tools.chaos.observe import Observations, StoredOrder

UNPUBLISHED_SECONDS = 10.0
CLOSED_STATES = frozenset({"done", "invoiced", "cancelled"})
OPEN_TICKETS = frozenset({"queued", "preparing", "ready"})
SNAPSHOT_OPEN_ORDERS = 500
"""A snapshot names at most this many open orders."""
EXPECTED_REFUSALS = {
    "place": {"409 insufficient_stock", "409 item_unavailable"},
    "cancel": {"409 illegal_transition"},
    "bump": {"409 illegal_transition"},
    "serve": {"409 illegal_transition"},
}
"""What the rules of the trade may answer. Anything else that is refused is a fault."""


@dataclass(frozen=True, slots=True)
class Violation:
    """A broken invariant."""

    invariant: str
    what: str
    ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that is known after a run. ``stores`` are the devices' own, one per device and channel."""

    operations: Sequence[Operation]
    truth: Observations
    stores: Sequence[ChannelStore]


def accepted_orders_exist_once(evidence: Evidence) -> list[Violation]:
    """I1: every order that a client saw accepted exists exactly once, with what was asked for."""
    by_op = _orders_by_op(evidence)
    found = []
    for op in _of_kind(evidence, "place"):
        if not op.accepted:
            continue
        stored = by_op.get(op.id, [])
        if len(stored) != 1:
            what = f"an accepted order exists {len(stored)} times"
            found.append(Violation("I1", what, (op.id, *(one.id for one in stored))))
        elif stored[0].content != op.content:
            found.append(
                Violation("I1", "an order has other content than was asked for", (op.id, stored[0].id))
            )
        elif stored[0].id != op.answers[0]["id"]:
            found.append(Violation("I1", "an order has another id than was answered", (op.id, stored[0].id)))
        elif op.asked.get("id", stored[0].id) != stored[0].id:
            found.append(
                Violation("I1", "an order has another id than its device made", (op.id, stored[0].id))
            )
    return found


def unknown_outcomes_resolve(evidence: Evidence) -> list[Violation]:
    """I2: every operation gets a definitive answer, the same one on every retry, and it is true."""
    found = []
    by_op = _orders_by_op(evidence)
    for op in evidence.operations:
        if op.settled_at is None:
            found.append(Violation("I2", f"{op.kind} was never answered", (op.id,)))
        if op.answers and op.refusals:
            found.append(Violation("I2", f"{op.kind} was accepted and refused ({op.refusals[0]})", (op.id,)))
        if len({answer.get("id") for answer in op.answers}) > 1:
            ids = tuple(str(answer.get("id")) for answer in op.answers)
            found.append(Violation("I2", f"{op.kind} was answered differently under one key", (op.id, *ids)))
        if op.kind == "place" and op.refused and by_op.get(op.id):
            found.append(Violation("I2", "a refused order exists", (op.id, by_op[op.id][0].id)))
        if op.refused and op.refusals[0] not in EXPECTED_REFUSALS.get(op.kind, ()):
            found.append(Violation("I2", f"{op.kind} was refused: {op.refusals[0]}", (op.id,)))
    return found


def devices_are_contiguous_and_end_like_the_database(evidence: Evidence) -> list[Violation]:
    """I3: applied positions have no hole and no repetition, the wire has no hole, the end is the snapshot."""
    found = []
    for store in evidence.stores:
        found += [Violation("I3", f"{store.device} {store.channel}: {text}") for text in _order_of(store)]
        found += [
            Violation("I3", f"{store.device} {store.channel}: the server left out {gap}")
            for gap in store.gaps[:3]
        ]
        position = evidence.truth.positions.get((store.restaurant_id, store.channel))
        if position is not None and position != (store.epoch, store.seq):
            what = f"{store.device} {store.channel} ends at {store.epoch}:{store.seq} instead of {position}"
            found.append(Violation("I3", what))
            continue
        differing = _differing(store, evidence.truth)
        if differing:
            what = f"{store.device} {store.channel}: {len(differing)} differ from the database"
            found.append(Violation("I3", what, tuple(differing[:5])))
    return found


def kitchens_see_each_order_once(evidence: Evidence) -> list[Violation]:
    """I4: the kitchen's feed has exactly one ``order.accepted`` for each order that it has to cook."""
    found = []
    by_channel: dict[str, list[ChannelStore]] = defaultdict(list)
    for store in evidence.stores:
        if store.channel == "kitchen":
            by_channel[store.restaurant_id].append(store)
    paid = {payment.order_id for payment in evidence.truth.payments}
    for restaurant_id, stores in by_channel.items():
        seen = {
            (one.epoch, one.seq): one.order_id
            for store in stores
            for one in store.applied
            if one.kind == "order.accepted"
        }
        times = Counter(seen.values())
        for op in _of_kind(evidence, "place"):
            if op.restaurant_id != restaurant_id or not op.accepted:
                continue
            order_id = str(op.answers[0]["id"])
            due = 1 if op.asked["flow"] == "pay_later" or order_id in paid else 0
            if times[order_id] != due:
                what = f"the kitchen saw an order {times[order_id]} times instead of {due}"
                found.append(Violation("I4", what, (order_id,)))
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


def stock_adds_up(evidence: Evidence) -> list[Violation]:
    """I6: what moved is what is missing, what is held is reserved, nothing is below zero."""
    found = []
    for row in evidence.truth.stock:
        if row.on_hand != row.moved:
            found.append(Violation("I6", f"{row.on_hand} on hand, movements say {row.moved}", (row.item_id,)))
        if row.reserved != row.held:
            found.append(Violation("I6", f"{row.reserved} reserved, orders hold {row.held}", (row.item_id,)))
        if row.on_hand < row.reserved or row.reserved < 0:
            found.append(
                Violation("I6", f"{row.on_hand} on hand and {row.reserved} reserved", (row.item_id,))
            )
    return found


def everything_was_published(evidence: Evidence) -> list[Violation]:
    """I7: nothing waits in an outbox, the stream has every event, and each subject ends like its outbox."""
    truth, found = evidence.truth, []
    streamed: dict[str, int] = {}
    for seq, (_, msg_id) in sorted(truth.stream.items()):
        streamed.setdefault(msg_id, seq)
    newest: dict[str, str] = {}
    lost: list[str] = []
    for row in truth.outbox:
        if row.unpublished_seconds > UNPUBLISHED_SECONDS:
            what = f"{row.schema} has not published an event for {row.unpublished_seconds:.0f} s"
            found.append(Violation("I7", what, (row.msg_id,)))
        if row.msg_id not in streamed:
            lost.append(row.msg_id)
        newest[row.subject] = row.msg_id
    if lost:
        found.append(Violation("I7", f"{len(lost)} events are not in the stream", tuple(lost[:5])))
    last: dict[str, tuple[int, str]] = {}
    for subject, msg_id in truth.stream.values():
        at = streamed[msg_id]
        last[subject] = max(last.get(subject, (0, "")), (at, msg_id))
    for subject, msg_id in newest.items():
        if subject in last and last[subject][1] != msg_id:
            found.append(Violation("I7", f"{subject} does not end with the newest event", (msg_id,)))
    found += [Violation("I9", f"an event was parked: {text}") for text in truth.parked]
    return found


def tenants_are_apart(evidence: Evidence) -> list[Violation]:
    """I10: no device sees anything of another restaurant."""
    found = [Violation("I10", f"of another restaurant: {text}") for text in evidence.truth.reachable]
    owner = {order.id: order.restaurant_id for order in evidence.truth.orders}
    for store in evidence.stores:
        found += [Violation("I10", f"{store.device} was sent {text}") for text in store.foreign[:3]]
        for one in store.applied:
            if owner.get(one.order_id, store.restaurant_id) != store.restaurant_id:
                found.append(Violation("I10", f"{store.device} saw an order of another", (one.order_id,)))
    return found


CHECKERS: tuple[Callable[[Evidence], list[Violation]], ...] = (
    accepted_orders_exist_once,
    unknown_outcomes_resolve,
    devices_are_contiguous_and_end_like_the_database,
    kitchens_see_each_order_once,
    money_adds_up,
    stock_adds_up,
    everything_was_published,
    tenants_are_apart,
)


def check(evidence: Evidence) -> list[Violation]:
    """All invariants."""
    return [violation for checker in CHECKERS for violation in checker(evidence)]


def _of_kind(evidence: Evidence, kind: str) -> Iterable[Operation]:
    return (op for op in evidence.operations if op.kind == kind)


def _orders_by_op(evidence: Evidence) -> dict[str, list[StoredOrder]]:
    found: dict[str, list[StoredOrder]] = defaultdict(list)
    for order in evidence.truth.orders:
        found[order.op].append(order)
    return found


def _order_of(store: ChannelStore) -> list[str]:
    """Where the applied positions are not contiguous; a snapshot begins a new run of them."""
    found = []
    begun = dict(zip(store.begun_after, store.begun, strict=True))
    last: tuple[str, int] | None = None
    for index, one in enumerate(store.applied):
        last = begun.get(index, last)
        if last is None or (one.epoch, one.seq) != (last[0], last[1] + 1):
            found.append(f"{one.epoch}:{one.seq} was applied after {last}")
        last = (one.epoch, one.seq)
    return found


def _differing(store: ChannelStore, truth: Observations) -> list[str]:
    """Ids that the device shows otherwise than the snapshot, or that only one of them has."""
    snapshot = truth.snapshots.get((store.restaurant_id, store.channel))
    if snapshot is None:
        return []
    if store.channel == "kitchen":
        true = {one["id"]: one for one in snapshot["tickets"]}
        kept: dict[str, Any] = {
            id: one for id, one in store.state.items() if one["state"] in OPEN_TICKETS or id in true
        }
        return [id for id in sorted(true.keys() | kept.keys()) if true.get(id) != kept.get(id)]
    true = {one["id"]: one for one in snapshot["orders"]}
    opened = [one for one in true.values() if one["state"] not in CLOSED_STATES]
    differing = [id for id, one in true.items() if id in store.state and store.state[id] != one]
    if len(opened) < SNAPSHOT_OPEN_ORDERS:
        differing += [one["id"] for one in opened if one["id"] not in store.state]
        kept = {id: one for id, one in store.state.items() if one["state"] not in CLOSED_STATES}
        differing += [id for id in kept if id not in true]
    versions = {order.id: order.version for order in truth.orders}
    differing += [id for id, one in store.state.items() if versions.get(id, one["version"]) != one["version"]]
    return sorted(set(differing))


def _payments_promised(evidence: Evidence) -> list[Violation]:
    truth, found = evidence.truth, []
    by_order: dict[str, list[Any]] = defaultdict(list)
    for payment in truth.payments:
        by_order[payment.order_id].append(payment)
    asked = set()
    for op in _of_kind(evidence, "pay"):
        order_id = str(op.asked["order_id"])
        asked.add(order_id)
        stored, due = by_order.get(order_id, []), 1 if op.accepted else 0
        if op.settled_at is not None and len(stored) != due:
            what = f"an order was paid {len(stored)} times instead of {due}"
            found.append(Violation("I5", what, (order_id, *(one.id for one in stored))))
        elif stored and stored[0].amount_minor != op.asked["amount_minor"]:
            found.append(Violation("I5", "a payment has another amount than was asked", (stored[0].id,)))
        elif stored and op.asked.get("id", stored[0].id) != stored[0].id:
            found.append(Violation("I5", "a payment has another id than its device made", (stored[0].id,)))
    for order in truth.orders:
        paid = sum(one.amount_minor for one in by_order.get(order.id, ()))
        if paid != order.paid_minor:
            what = f"{paid} was paid and {order.paid_minor} is on the order"
            found.append(Violation("I5", what, (order.id,)))
        if paid and order.id not in asked:
            found.append(Violation("I5", "nobody asked for a payment", (order.id,)))
        if paid and order.lifecycle == "cancelled":
            found.append(Violation("I5", "a cancelled order has money on it", (order.id,)))
    return found
