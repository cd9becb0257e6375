"""What needs a second person: the rules alone."""

import pytest

from services.payments.domain.approval import (
    UNAPPROVED_LIMITS_MINOR,
    Cause,
    Moved,
    Need,
    approver_of,
    check_drawer,
    closing_need,
    drawer_need,
    tip_need,
)
from services.payments.domain.errors import (
    ApprovalInvalid,
    ApprovalNeeded,
    ApprovalNeedsReason,
    DrawerEventsFull,
    DrawerShort,
    VarianceNeedsManager,
)
from services.payments.domain.till import DRAWER_EVENTS_MAX, VARIANCE_LIMIT_MINOR, DrawerKind
from services.payments.tests.builders import ANNA, APPROVED, BEN, BY_ONESELF, FAULTY, MANAGES, MARA, session

CASH = [kind for kind in DrawerKind if kind is not DrawerKind.NO_SALE]
NOTHING = Moved(0, 0)


@pytest.mark.parametrize("kind", CASH)
def test_who_opened_a_till_moves_up_to_the_limit_alone(kind: DrawerKind) -> None:
    limit = UNAPPROVED_LIMITS_MINOR[kind]
    till = session(expected=10**9)
    assert drawer_need(till, ANNA, kind, limit, NOTHING) is None
    assert drawer_need(till, ANNA, kind, limit + 1, NOTHING) == Need(Cause.DRAWER_LIMIT, limit)


@pytest.mark.parametrize("kind", CASH)
def test_many_small_sums_meet_the_limit_as_well(kind: DrawerKind) -> None:
    limit = UNAPPROVED_LIMITS_MINOR[kind]
    till = session(expected=10**9)
    assert drawer_need(till, ANNA, kind, 1, Moved(5, limit - 1)) is None
    assert drawer_need(till, ANNA, kind, 1, Moved(5, limit)) == Need(Cause.DRAWER_LIMIT, limit)


@pytest.mark.parametrize("kind", CASH)
def test_cash_of_anothers_till_always_needs_an_approval(kind: DrawerKind) -> None:
    assert drawer_need(session(), BEN, kind, 1, NOTHING) == Need(Cause.ANOTHERS_TILL)


def test_opening_a_drawer_without_a_sale_moves_nothing_and_needs_nobody() -> None:
    assert drawer_need(session(), BEN, DrawerKind.NO_SALE, 0, NOTHING) is None


@pytest.mark.parametrize("kind", [DrawerKind.PAID_OUT, DrawerKind.DROP])
def test_no_more_leaves_a_drawer_than_is_in_it(kind: DrawerKind) -> None:
    till = session(expected=700)
    check_drawer(till, kind, 700, NOTHING)
    with pytest.raises(DrawerShort) as refused:
        check_drawer(till, kind, 701, NOTHING)
    assert refused.value.metadata == {"in_drawer_minor": "700", "amount_minor": "701"}
    check_drawer(till, DrawerKind.PAID_IN, 701, NOTHING)


@pytest.mark.parametrize("kind", DrawerKind)
def test_a_session_has_no_more_drawer_events_than_its_report_lists(kind: DrawerKind) -> None:
    check_drawer(session(), kind, 0, Moved(DRAWER_EVENTS_MAX - 1, 0))
    with pytest.raises(DrawerEventsFull):
        check_drawer(session(), kind, 0, Moved(DRAWER_EVENTS_MAX, 0))


def test_the_tips_of_a_bill_are_at_most_the_bill_without_approval() -> None:
    assert tip_need(10, 10) is None
    assert tip_need(10, 11) == Need(Cause.TIP_LIMIT, 10)


@pytest.mark.parametrize("sign", [1, -1])
def test_who_counts_closes_alone_up_to_the_limit_and_carries_no_order_over_alone(sign: int) -> None:
    limit = VARIANCE_LIMIT_MINOR
    large = Need(Cause.VARIANCE, limit)
    assert closing_need(sign * limit, carries_over=False) is None
    assert closing_need(sign * (limit + 1), carries_over=False) == large
    assert closing_need(sign * limit, carries_over=True) == Need(Cause.CARRY_OVER)
    assert closing_need(sign * (limit + 1), carries_over=True) == large


def test_the_refusal_of_a_large_variance_keeps_its_name_and_does_not_tell_the_count_what_is_missing() -> None:
    with pytest.raises(VarianceNeedsManager) as needed:
        approver_of(Need(Cause.VARIANCE, 500), BY_ONESELF, "a note is missing")
    assert needed.value.reason == "VARIANCE_NEEDS_MANAGER"
    facts = {"cause": "variance", "permission": "till.approve", "limit_minor": "500"}
    assert needed.value.metadata == facts


def test_a_refusal_says_who_may_approve_and_above_what() -> None:
    need = Need(Cause.DRAWER_LIMIT, 5000)
    facts = {"cause": "drawer_limit", "permission": "till.approve", "limit_minor": "5000"}
    with pytest.raises(ApprovalNeeded) as needed:
        approver_of(need, BY_ONESELF, "milk")
    assert needed.value.metadata == facts
    assert "till.approve" in needed.value.detail
    with pytest.raises(ApprovalInvalid) as invalid:
        approver_of(need, FAULTY, "milk")
    assert invalid.value.metadata == {**facts, "fault": "token_expired"}


def test_what_is_approved_has_an_approver_and_a_reason() -> None:
    need = Need(Cause.ANOTHERS_TILL)
    assert approver_of(need, APPROVED, "milk") == MARA
    for blank in ("", "  \n"):
        with pytest.raises(ApprovalNeedsReason):
            approver_of(need, APPROVED, blank)


def test_nobody_approves_what_needs_nobody() -> None:
    assert approver_of(None, APPROVED, "milk") is None
    assert approver_of(None, FAULTY, "") is None
    assert approver_of(Need(Cause.ANOTHERS_TILL), MANAGES, "") is None
