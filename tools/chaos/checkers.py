"""The invariants: pure functions over what devices were promised and what is true. Numbers: reliability.md.

Each answers its violations with the smallest set of ids that shows one.
"""

from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any

from tools.chaos.channel_store import ChannelStore
from tools.chaos.evidence import Evidence, Violation
from tools.chaos.goods_checkers import the_shelf_is_as_noted, tickets_hold_every_unit_once
from tools.chaos.history import Operation
from tools.chaos.money_checkers import (
    checks_are_paid_once,
    drawers_agree,
    money_adds_up,
    totals_are_those_of_the_menu,
)
from tools.chaos.noted import noted_of
from tools.chaos.observe import Observations

UNPUBLISHED_SECONDS = 10.0
CLOSED_STATES = frozenset({"done", "invoiced", "cancelled", "merged"})
OPEN_TICKETS = frozenset({"queued", "preparing", "ready"})
SNAPSHOT_OPEN_ORDERS = 500
"""A snapshot names at most this many open orders."""
TOO_LATE = frozenset({"409 illegal_transition"})
RIVAL_PAID = "409 check_paid"
"""What one of two devices is told that take the money of one check at once."""
NOT_HEARD = "422 amount_above_balance"
"""Payments had not heard yet of what was added: the till asks again."""
EXPECTED_REFUSALS = {
    "place": {"409 insufficient_stock", "409 item_unavailable"},
    "cancel": TOO_LATE,
    "start": TOO_LATE,
    "bump": TOO_LATE,
    "recall": TOO_LATE,
    "serve": TOO_LATE,
    "acknowledge": TOO_LATE,
    "add_line": {"409 insufficient_stock", "409 item_unavailable"},
    # All that is on the shelf is promised to guests.
    "waste": {"409 insufficient_stock"},
    "pay": {RIVAL_PAID, NOT_HEARD},
}
"""What the rules of the trade may answer. Anything else that is refused is a fault."""
TICKET_IS_NOT_THERE = "404 ticket_not_found"
"""What a display is told when it bumps what was announced and never, or not yet, committed."""
OWN_CONFLICTS = frozenset({"cancel", "start", "bump", "recall", "serve", "pay"})
"""Commands that only one device gives for each order or ticket."""


def accepted_orders_exist_once(evidence: Evidence) -> list[Violation]:
    """I1: every order that a client saw accepted exists exactly once, with what was asked for."""
    by_op, noted = evidence.orders_by_op(), noted_of(evidence)
    found = []
    for op in evidence.of_kind("place"):
        if not op.accepted:
            continue
        content = noted[op.id].content if op.id in noted else op.content
        stored = by_op.get(op.id, [])
        if len(stored) != 1:
            what = f"an accepted order exists {len(stored)} times"
            found.append(Violation("I1", what, (op.id, *(one.id for one in stored))))
        elif stored[0].content != content:
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
    by_op = evidence.orders_by_op()
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


def no_retry_is_refused_for_its_own_effect(evidence: Evidence) -> list[Violation]:
    """I2: a command that is sent again, because its answer was lost, is never told that it comes too late.

    Nobody else cancels these orders or works on these tickets: a conflict on a retry can only be the effect
    of an earlier attempt, unless the order was cancelled, or something taken off, before its ticket was done.
    """
    cancelled = {order.id for order in evidence.truth.orders if order.lifecycle == "cancelled"}
    order_of = {
        ticket_id: str(ticket.get("order_id", ""))
        for store in evidence.stores
        if store.channel == "kitchen"
        for ticket_id, ticket in store.state.items()
    }
    stopped = {
        ticket_id
        for store in evidence.stores
        if store.channel == "kitchen"
        for ticket_id, ticket in store.state.items()
        if any(line["state"] == "cancelled" for line in ticket.get("lines", ()))
    }
    found = []
    for op in evidence.operations:
        if not (op.refused and op.unknown and op.refusals[0].startswith("409")):
            continue
        if str(op.asked.get("ticket_id")) in stopped or _lost_to_a_rival(evidence, op):
            continue
        order_id = str(op.asked.get("order_id") or order_of.get(str(op.asked.get("ticket_id")), ""))
        own = order_id in cancelled if op.kind == "cancel" else order_id not in cancelled
        if op.kind in OWN_CONFLICTS and own:
            what = f"{op.kind} was refused on a retry although it had taken effect: {op.refusals[0]}"
            found.append(Violation("I2", what, (op.id, order_id)))
    return found


def numbers_are_given_once(evidence: Evidence) -> list[Violation]:
    """I11: no two orders of a restaurant have one number on a day, and each has that which was answered."""
    found = []
    holders: dict[tuple[str, str, int], str] = {}
    for order in evidence.truth.orders:
        if not order.number:
            continue
        other = holders.setdefault((order.restaurant_id, order.business_date, order.number), order.id)
        if other != order.id:
            found.append(Violation("I11", f"two orders have the number {order.number}", (other, order.id)))
    numbers = {order.id: order.number for order in evidence.truth.orders}
    for op in evidence.of_kind("place"):
        for answer in op.answers:
            order_id, number = str(answer["id"]), answer.get("number")
            if number and numbers.get(order_id, number) != number:
                what = f"an order was answered with the number {number} and has {numbers[order_id]}"
                found.append(Violation("I11", what, (op.id, order_id)))
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
    """I4: the kitchen's feed has exactly one ``order.accepted`` for each order that it has to cook, and no
    display is shown a ticket that is not there when it acts on it.

    A display that was too far behind is given a snapshot instead of frames: then its tickets are in there.
    """
    found = [
        Violation(
            "I4", "the kitchen was shown a ticket that is not there", (op.id, str(op.asked.get("ticket_id")))
        )
        for op in evidence.of_kind("bump")
        if TICKET_IS_NOT_THERE in op.refusals
    ]
    by_channel: dict[str, list[ChannelStore]] = defaultdict(list)
    for store in evidence.stores:
        if store.channel == "kitchen":
            by_channel[store.restaurant_id].append(store)
    paid = {order.id for order in evidence.truth.orders if order.paid_minor >= order.total_minor}
    for restaurant_id, stores in by_channel.items():
        seen = {
            (one.epoch, one.seq): one.order_id
            for store in stores
            for one in store.applied
            if one.kind == "order.accepted"
        }
        times = Counter(seen.values())
        shown = {order_id for store in stores for order_id in store.shown}
        for op in evidence.of_kind("place"):
            if op.restaurant_id != restaurant_id or not op.accepted:
                continue
            order_id = str(op.answers[0]["id"])
            due = 1 if op.asked["flow"] == "pay_later" or order_id in paid else 0
            by_snapshot = due == 1 and order_id in shown
            if times[order_id] != due and not (by_snapshot and times[order_id] == 0):
                what = f"the kitchen saw an order {times[order_id]} times instead of {due}"
                found.append(Violation("I4", what, (order_id,)))
    return found


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
    """I7: nothing waits in an outbox, the stream has every event, and each subject ends like its outbox.

    Where the stream was lost, only its being whole again is promised, not the order in it: what was published
    before the loss was seen comes before what is brought back. Devices go by positions, services by versions.
    """
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
        if evidence.store_lost or not _of_this_run(evidence, subject):
            continue
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
    no_retry_is_refused_for_its_own_effect,
    numbers_are_given_once,
    devices_are_contiguous_and_end_like_the_database,
    kitchens_see_each_order_once,
    totals_are_those_of_the_menu,
    money_adds_up,
    drawers_agree,
    checks_are_paid_once,
    stock_adds_up,
    the_shelf_is_as_noted,
    tickets_hold_every_unit_once,
    everything_was_published,
    tenants_are_apart,
)


def check(evidence: Evidence) -> list[Violation]:
    """All invariants."""
    return [violation for checker in CHECKERS for violation in checker(evidence)]


def _lost_to_a_rival(evidence: Evidence, op: Operation) -> bool:
    """Whether another device has taken the money of the check that this one was to pay."""
    check_id = op.asked.get("check_id")
    return op.refusals[0] == RIVAL_PAID and any(
        other.accepted and other.id != op.id and other.asked.get("check_id") == check_id
        for other in evidence.of_kind("pay")
    )


def _of_this_run(evidence: Evidence, subject: str) -> bool:
    return not evidence.restaurants or subject.rpartition(".")[2] in evidence.restaurants


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
