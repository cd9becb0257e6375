"""Each invariant is broken once in a small made-up run, and the checker of that invariant says so."""

from dataclasses import replace
from typing import Any

import pytest

from tools.chaos.channel_store import ChannelStore
from tools.chaos.checkers import check
from tools.chaos.evidence import Evidence, Violation
from tools.chaos.history import Operation, content_hash, fold
from tools.chaos.observe import LedgerRow, Observations, OutboxRow, StockRow, StoredOrder, StoredPayment

OURS, THEIRS = "r-ours", "r-theirs"
CONTENT = content_hash("pay_later", "takeaway", [("burger", 1, ["well done"])])


def answered(**changes: Any) -> dict[str, Any]:
    return {"id": "o1", "total_minor": 1450, "number": 7, **changes}


def placed(**changes: Any) -> Operation:
    asked = {"flow": "pay_later", "id": "o1", "total_minor": 1450}
    op = Operation("op1", "place", "till", OURS, "op1", CONTENT, asked, 0.0, 1.0, answers=[answered()])
    return replace(op, **changes)


def paid(**changes: Any) -> Operation:
    asked = {"order_id": "o1", "amount_minor": 1450, "id": "p1"}
    op = Operation("op2", "pay", "till", OURS, "op2", "x", asked, 2.0, 3.0, answers=[{"id": "p1"}])
    return replace(op, **changes)


def order(**changes: Any) -> StoredOrder:
    stored = StoredOrder(
        "o1", OURS, "op1", CONTENT, "validated", "paid", 1450, 1450, 2, number=7, business_date="2026-11-20"
    )
    return replace(stored, **changes)


def order_frame(seq: int, version: int, **changes: Any) -> dict[str, Any]:
    d = {"id": "o1", "restaurant_id": OURS, "version": version, "state": "paid"}
    frame = {"t": "ev", "ch": f"restaurant:{OURS}:orders", "e": "e1", "s": seq, "k": "order.updated"}
    return {**frame, "key": "order:o1", "d": {**d, **changes}}


def ticket_frame(seq: int, kind: str = "order.accepted") -> dict[str, Any]:
    ticket = {"id": "t1", "revision": 1, "state": "queued"}
    frame = {"t": "ev", "ch": f"restaurant:{OURS}:kitchen", "e": "e1", "s": seq, "k": kind, "key": "order:o1"}
    return {**frame, "d": {"order_id": "o1", "tickets": [ticket]}}


def device(channel: str, *frames: dict[str, Any]) -> ChannelStore:
    store = ChannelStore("till" if channel == "orders" else "display", OURS, channel)
    store.begin("e1", 0, {})
    store.subscribed(0)
    for frame in frames:
        store.take(frame)
    return store


def truth(**changes: Any) -> Observations:
    found = Observations(
        orders=[order()],
        payments=[StoredPayment("p1", OURS, "o1", 1450)],
        ledger=[
            LedgerRow(OURS, "x1", "p1", "cash_drawer", "GBP", 1450, 0),
            LedgerRow(OURS, "x1", "p1", "sales", "GBP", 0, 1450),
        ],
        trial_balance={OURS: [("cash_drawer", "GBP", 1450, 0), ("sales", "GBP", 0, 1450)]},
        outbox=[OutboxRow("orders", 1, "m1", "s.1", 0.0, 1), OutboxRow("orders", 2, "m2", "s.1", 0.0, 2)],
        stream={1: ("s.1", "m1"), 2: ("s.1", "m2")},
        positions={(OURS, "orders"): ("e1", 2), (OURS, "kitchen"): ("e1", 1)},
        snapshots={
            (OURS, "orders"): {"orders": [order_frame(2, 2)["d"]]},
            (OURS, "kitchen"): {"tickets": ticket_frame(1)["d"]["tickets"]},
        },
        stock=[StockRow("steak", 38, 1, 38, 1)],
    )
    return replace(found, **changes)


def stores() -> list[ChannelStore]:
    return [device("orders", order_frame(1, 1), order_frame(2, 2)), device("kitchen", ticket_frame(1))]


def run(
    operations: list[Operation] | None = None,
    found: Observations | None = None,
    devices: list[ChannelStore] | None = None,
) -> list[Violation]:
    both = [placed(), paid()] if operations is None else operations
    return check(Evidence(both, found or truth(), stores() if devices is None else devices))


def broken(violations: list[Violation]) -> set[str]:
    return {violation.invariant for violation in violations}


def test_a_run_that_kept_every_promise_has_no_violation() -> None:
    assert run() == []


@pytest.mark.parametrize(
    "stored",
    [
        [],
        [order(), order(id="o9")],
        [order(content="other")],
        [order(id="o9")],
    ],
    ids=["lost", "twice", "other content", "other id"],
)
def test_an_accepted_order_exists_once_as_it_was_asked_for(stored: list[StoredOrder]) -> None:
    assert "I1" in broken(run(found=truth(orders=stored)))


@pytest.mark.parametrize(
    "op",
    [
        placed(settled_at=None, answers=[]),
        placed(answers=[answered(), answered(id="o2")]),
        placed(refusals=["409 order_exists"]),
        placed(answers=[], refusals=["409 insufficient_stock"]),
        placed(answers=[], refusals=["404 not_found"]),
    ],
    ids=["never answered", "two answers", "accepted and refused", "refused but there", "odd refusal"],
)
def test_a_retry_gets_one_true_answer(op: Operation) -> None:
    assert "I2" in broken(run([op, paid()]))


def test_sold_out_is_an_answer() -> None:
    sold_out = placed(id="op3", answers=[], refusals=["409 insufficient_stock"], asked={"flow": "pay_later"})
    assert run([placed(), paid(), sold_out]) == []


def test_a_hole_on_the_wire_is_seen_even_when_the_device_heals_it() -> None:
    store = device("orders", order_frame(2, 2), order_frame(1, 1), order_frame(2, 2))
    assert (store.seq, store.state["o1"]["version"]) == (2, 2)
    assert broken(run(devices=[store, stores()[1]])) == {"I3"}


def test_a_hole_before_synced_is_seen() -> None:
    store = device("orders", order_frame(1, 1))
    assert not store.synced(2)
    store.subscribed(1)
    store.take(order_frame(2, 2))
    assert broken(run(devices=[store, stores()[1]])) == {"I3"}


def test_what_comes_twice_is_applied_once() -> None:
    store = device("orders", order_frame(1, 1), order_frame(1, 1), order_frame(2, 2))
    assert (store.duplicates, len(store.applied)) == (1, 2)
    assert run(devices=[store, stores()[1]]) == []


def test_applied_positions_are_contiguous() -> None:
    store = stores()[0]
    del store.applied[0]
    assert broken(run(devices=[store, stores()[1]])) == {"I3"}


@pytest.mark.parametrize(
    "frames", [[order_frame(1, 1)], [order_frame(1, 1), order_frame(2, 2, state="done")]]
)
def test_a_device_ends_like_the_database(frames: list[dict[str, Any]]) -> None:
    assert broken(run(devices=[device("orders", *frames), stores()[1]])) == {"I3"}


def test_a_device_of_another_epoch_wants_a_snapshot() -> None:
    store = device("orders", order_frame(1, 1))
    assert store.take({**order_frame(2, 2), "e": "e2"}) == "epoch"
    store.begin("e2", 7, {"orders": [order_frame(7, 2)["d"]]})
    found = truth(positions={(OURS, "orders"): ("e2", 7), (OURS, "kitchen"): ("e1", 1)})
    assert run(found=found, devices=[store, stores()[1]]) == []


@pytest.mark.parametrize(
    "frames",
    [[ticket_frame(1, "ticket.updated")], [ticket_frame(1), ticket_frame(2)]],
    ids=["never", "twice"],
)
def test_the_kitchen_sees_an_order_once(frames: list[dict[str, Any]]) -> None:
    positions = {(OURS, "orders"): ("e1", 2), (OURS, "kitchen"): ("e1", len(frames))}
    violations = run(found=truth(positions=positions), devices=[stores()[0], device("kitchen", *frames)])
    assert broken(violations) == {"I4"}


def test_a_display_that_was_too_far_behind_sees_an_order_in_its_snapshot() -> None:
    store = device("kitchen")
    [ticket] = ticket_frame(1)["d"]["tickets"]
    store.begin("e1", 1, {"tickets": [{**ticket, "order_id": "o1"}]})
    found = truth(
        snapshots={**truth().snapshots, (OURS, "kitchen"): {"tickets": [{**ticket, "order_id": "o1"}]}}
    )
    assert run(found=found, devices=[stores()[0], store]) == []
    empty = device("kitchen")
    empty.begin("e1", 1, {"tickets": []})
    found = truth(snapshots={**truth().snapshots, (OURS, "kitchen"): {"tickets": []}})
    assert broken(run(found=found, devices=[stores()[0], empty])) == {"I4"}


def test_a_ticket_that_a_display_bumps_is_there() -> None:
    asked = {"ticket_id": "t9"}
    bump = Operation("op3", "bump", "display", OURS, "op3", "x", asked, 2.0, 3.0)
    unknown = replace(bump, refusals=["404 ticket_not_found"])
    assert broken(run([placed(), paid(), unknown])) == {"I2", "I4"}
    assert run([placed(), paid(), replace(bump, refusals=["409 illegal_transition"])]) == []


def test_an_order_that_is_paid_first_reaches_the_kitchen_when_it_is_paid() -> None:
    unpaid = placed(asked={"flow": "pay_first", "id": "o1", "total_minor": 1450})
    found = truth(payments=[], ledger=[], trial_balance={}, orders=[order(paid_minor=0)])
    assert broken(run([unpaid], found)) == {"I4"}
    assert run([unpaid, paid()]) == []


def lopsided() -> list[LedgerRow]:
    drawer, sales = truth().ledger
    return [drawer, replace(sales, credit_minor=1400)]


@pytest.mark.parametrize(
    "changes",
    [
        {"ledger": lopsided(), "trial_balance": {}},
        {"ledger": [], "trial_balance": {}},
        {"trial_balance": {OURS: [("sales", "GBP", 0, 1450)]}},
        {"payments": [StoredPayment("p1", OURS, "o1", 1450), StoredPayment("p2", OURS, "o1", 1450)]},
        {"payments": [StoredPayment("p9", OURS, "o1", 1450)]},
        {"orders": [order(paid_minor=0)]},
        {"orders": [order(lifecycle="cancelled")]},
    ],
    ids=["lopsided", "no entry", "trial balance", "twice", "other id", "not on order", "cancelled"],
)
def test_money_adds_up(changes: dict[str, Any]) -> None:
    assert broken(run(found=truth(**changes))) == {"I5"}


@pytest.mark.parametrize("parts", [[1000, 450], [1000], [1450, 1]], ids=["as asked", "half", "too much"])
def test_a_bill_paid_in_parts_has_each_part_once(parts: list[int]) -> None:
    asked = [
        paid(id=f"pay{part}", asked={"order_id": "o1", "amount_minor": part}, answers=[{"id": f"p{part}"}])
        for part in (1000, 450)
    ]
    payments = [StoredPayment(f"p{part}", OURS, "o1", part) for part in parts]
    entries = [
        LedgerRow(OURS, f"x{part}", f"p{part}", account, "GBP", debit, credit)
        for part in parts
        for account, debit, credit in (("cash_drawer", part, 0), ("sales", 0, part))
    ]
    total = sum(parts)
    balance = {OURS: [("cash_drawer", "GBP", total, 0), ("sales", "GBP", 0, total)]}
    found = truth(payments=payments, ledger=entries, trial_balance=balance, orders=[order(paid_minor=total)])
    expected: set[str] = set() if parts == [1000, 450] else {"I5"}
    assert broken(run([placed(), *asked], found)) - {"I4"} == expected


def test_an_order_costs_what_the_menu_says() -> None:
    dearer = placed(answers=[answered(total_minor=1451)])
    assert broken(run([dearer, paid()])) == {"I12"}
    assert "I12" in broken(run(found=truth(orders=[order(total_minor=1449)])))


def test_a_number_is_given_once_a_day() -> None:
    other = order(id="o2", op="op9", paid_minor=0, total_minor=0)
    assert broken(run(found=truth(orders=[order(), other]))) >= {"I11"}
    assert "I11" not in broken(run(found=truth(orders=[order(), replace(other, business_date="2026-11-21")])))
    assert "I11" in broken(run([placed(answers=[answered(number=8)]), paid()]))


def closed(till: str, **answer: int) -> Operation:
    said = {"expected_minor": 11450, "variance_minor": 0, "z_number": 1, **answer}
    asked = {"till_session_id": till, "counted_minor": 11450}
    return Operation(f"close {till}", "close_till", "till", OURS, till, "x", asked, 4.0, 5.0, answers=[said])


@pytest.mark.parametrize(
    "more",
    [[closed("t1", expected_minor=11449)], [closed("t1", variance_minor=1)], [closed("t1"), closed("t2")]],
    ids=["other amount", "variance", "number twice"],
)
def test_a_drawer_holds_what_its_device_noted(more: list[Operation]) -> None:
    assert run([placed(), paid(), closed("t1"), closed("t2", z_number=2)]) == []
    assert broken(run([placed(), paid(), *more])) == {"I13"}


def test_a_retry_is_not_refused_for_its_own_effect() -> None:
    def refused(unknown: int) -> Operation:
        asked = {"order_id": "o1"}
        refusal = ["409 illegal_transition"]
        return Operation(
            "op3", "cancel", "till", OURS, "op3", "x", asked, 1.0, 2.0, unknown=unknown, refusals=refusal
        )

    cancelled = truth(
        orders=[order(lifecycle="cancelled", paid_minor=0)], payments=[], ledger=[], trial_balance={}
    )
    assert "I2" in broken(run([placed(), refused(1)], cancelled))
    assert "I2" not in broken(run([placed(), refused(0)], cancelled))
    assert "I2" not in broken(run([placed(), paid(), refused(1)]))


def test_money_that_nobody_asked_for_is_found() -> None:
    assert broken(run([placed()])) == {"I5"}


@pytest.mark.parametrize(
    "row", [StockRow("steak", 38, 1, 37, 1), StockRow("steak", 38, 2, 38, 1), StockRow("steak", 0, 1, 0, 1)]
)
def test_stock_adds_up(row: StockRow) -> None:
    assert broken(run(found=truth(stock=[row]))) == {"I6"}


@pytest.mark.parametrize(
    "changes",
    [
        {"outbox": [OutboxRow("orders", 1, "m1", "s.1", 11.0, None)]},
        {"stream": {1: ("s.1", "m1")}},
        {"stream": {1: ("s.1", "m2"), 2: ("s.1", "m1")}},
    ],
    ids=["waits", "lost", "out of order"],
)
def test_everything_committed_is_published(changes: dict[str, Any]) -> None:
    assert broken(run(found=truth(**changes))) == {"I7"}


def test_a_stream_that_was_lost_must_be_whole_again_in_whatever_order() -> None:
    turned = truth(stream={1: ("s.1", "m2"), 2: ("s.1", "m1")})
    both = [placed(), paid()]
    assert broken(check(Evidence(both, turned, stores()))) == {"I7"}
    assert check(Evidence(both, turned, stores(), store_lost=True)) == []
    assert broken(check(Evidence(both, truth(stream={1: ("s.1", "m2")}), stores(), store_lost=True))) == {
        "I7"
    }


def test_an_event_that_is_in_the_stream_twice_counts_where_it_came_first() -> None:
    stream = {1: ("s.1", "m1"), 2: ("s.1", "m2"), 3: ("s.1", "m1")}
    assert run(found=truth(stream=stream)) == []


def test_a_parked_event_is_a_violation() -> None:
    assert broken(run(found=truth(parked=["orders s.1 m1: ValueError"]))) == {"I9"}


def test_nobody_sees_another_restaurant() -> None:
    store = device("orders", order_frame(1, 1), order_frame(2, 2))
    store.take({**order_frame(3, 3), "ch": f"restaurant:{THEIRS}:orders"})
    assert broken(run(devices=[store, stores()[1]])) == {"I10"}
    named = device("orders", order_frame(1, 1), order_frame(2, 2, restaurant_id=THEIRS))
    assert "I10" in broken(run(devices=[named, stores()[1]]))
    assert broken(run(found=truth(reachable=["/api/v2/orders/o9"]))) == {"I10"}
    assert "I10" in broken(run(found=truth(orders=[order(restaurant_id=THEIRS)])))


def test_a_history_folds_into_operations_with_everything_they_were_told() -> None:
    invoke: dict[str, Any] = {
        "op": "op1",
        "type": "invoke",
        "kind": "place",
        "device": "till",
        "restaurant_id": OURS,
    }
    invoke |= {"key": "op1", "content": CONTENT, "asked": {"flow": "pay_later"}}
    lines = [
        {"at": 1.0, **invoke},
        {"at": 2.0, "op": "op1", "type": "info", "why": "ReadTimeout"},
        {"at": 3.0, "op": "op1", "type": "ok", "answer": {"id": "o1"}},
        {"at": 4.0, **invoke},
        {"at": 5.0, "op": "op1", "type": "fail", "status": 409, "code": "order_exists"},
    ]
    (op,) = fold(lines)
    assert (op.unknown, op.seconds, op.answers, op.refusals) == (1, 2.0, [{"id": "o1"}], ["409 order_exists"])
    assert op.accepted
    assert not op.refused
