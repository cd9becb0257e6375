"""Cash and tips beyond what somebody at the till may do alone, over REST."""

import asyncio
from typing import Any

import pytest

from chassis.ids import new_id
from tests.conftest import People
from tests.e2e.shop import FLOAT_MINOR, open_till, order_body
from tools.api import Device, Refused

SECONDS = 60.0
SIX_THOUSAND = {"kind": "paid_out", "amount_minor": 6_000, "reason": "a plumber"}


async def drawer(device: Device, session: dict[str, Any], body: dict[str, Any], key: str = "") -> Any:
    return await device.post(
        f"/api/v2/till-sessions/{session['id']}/drawer-events", body, key or str(new_id())
    )


def approved_by(device: Device) -> dict[str, Any]:
    return {"approval": {"token": device.access_token}}


async def test_an_employee_moves_no_million_and_no_cash_of_anothers_till(people: People) -> None:
    till, manager = await people.till(), await people.manager()
    own, anothers = await open_till(till), await open_till(manager)
    million = {"kind": "paid_out", "amount_minor": 100_000_000, "reason": "gone"}
    for body, session, status, code in (
        (million, own, 422, "drawer_short"),
        ({**million, **approved_by(manager)}, own, 422, "drawer_short"),
        (SIX_THOUSAND, own, 403, "approval_needed"),
        ({**SIX_THOUSAND, "amount_minor": 1}, anothers, 403, "approval_needed"),
        ({**SIX_THOUSAND, **approved_by(till)}, own, 403, "approval_invalid"),
        ({**SIX_THOUSAND, "approval": {"token": "made up"}}, own, 403, "approval_invalid"),
        ({**SIX_THOUSAND, "reason": "", **approved_by(manager)}, own, 422, "approval_needs_reason"),
    ):
        with pytest.raises(Refused) as refused:
            await drawer(till, session, body)
        assert (refused.value.status, refused.value.code) == (status, code)
        if code == "approval_needed":
            assert refused.value.problem["permission"] == "till.approve"
    for session in (own, anothers):
        assert await manager.get(f"/api/v2/till-sessions/{session['id']}") == session


async def test_the_same_action_goes_on_with_an_approval_that_may_end_meanwhile(people: People) -> None:
    till, manager = await people.till(), await people.manager()
    session, anothers, key = await open_till(till), await open_till(manager), str(new_id())
    with pytest.raises(Refused):
        await drawer(till, session, SIX_THOUSAND, key)
    approval = approved_by(manager)
    moved = await drawer(till, session, {**SIX_THOUSAND, **approval}, key)
    assert moved["expected_minor"] == FLOAT_MINOR - 6_000
    await manager.post("/api/v2/auth/logout", {})
    async with asyncio.timeout(SECONDS):
        # A device that is refused logs in anew.
        while manager.access_token == approval["approval"]["token"]:
            await manager.get("/api/v2/me")
    assert await drawer(till, session, {**SIX_THOUSAND, **approval}, key) == moved
    assert await drawer(till, session, SIX_THOUSAND, key) == moved
    with pytest.raises(Refused) as ended:
        await drawer(till, anothers, {**SIX_THOUSAND, "amount_minor": 1, **approval})
    assert (ended.value.status, ended.value.code) == (403, "approval_needed")
    report = await till.get(f"/api/v2/till-sessions/{session['id']}/x-report")
    [event] = report["drawer_events"]
    assert (event["kind"], event["amount_minor"], event["reason"]) == ("paid_out", 6_000, "a plumber")
    assert event["approved_by"]["name"] != event["actor"]["name"]


async def test_a_tip_of_a_million_needs_an_approval(people: People) -> None:
    till, manager = await people.till(), await people.manager()
    session = await open_till(till)
    order = await till.post("/api/v2/orders", await order_body(till))
    body = {"method": "cash", "till_session_id": session["id"], "tip_minor": 100_000_000, "reason": "rich"}
    path = f"/api/v2/orders/{order['id']}/payments"
    with pytest.raises(Refused) as refused:
        await till.post(path, body)
    assert (refused.value.status, refused.value.code) == (403, "approval_needed")
    assert refused.value.problem["cause"] == "tip_limit"
    paid = await till.post(path, {**body, **approved_by(manager)})
    assert (paid["tip_minor"], paid["reason"]) == (100_000_000, "rich")
    assert paid["approved_by"]["user_id"] != paid["taken_by"]["user_id"]


async def test_a_till_that_does_not_add_up_is_closed_with_an_approval(people: People) -> None:
    till, manager = await people.till(), await people.manager()
    session, key = await open_till(till), str(new_id())
    path = f"/api/v2/till-sessions/{session['id']}/close"
    count = {"counted_minor": FLOAT_MINOR - 501, "reason": "a note is missing"}
    with pytest.raises(Refused) as refused:
        await till.post(path, count, key)
    assert (refused.value.status, refused.value.code) == (403, "variance_needs_manager")
    facts = {name: refused.value.problem.get(name) for name in ("cause", "permission", "variance_minor")}
    assert facts == {"cause": "variance", "permission": "till.approve", "variance_minor": None}
    closed = await till.post(path, {**count, **approved_by(manager)}, key)
    assert closed["variance_minor"] == -501
    cash = closed["z_report"]["cash"]
    assert cash["approved_by"]["name"] != closed["session"]["closed_by"]["name"]
    assert await manager.get(f"/api/v2/z-reports/{closed['z_report']['number']}") == closed["z_report"]


async def test_an_employee_reads_the_z_report_of_the_till_they_close_and_no_other(people: People) -> None:
    till, manager = await people.till(), await people.manager()
    session = await open_till(till)
    closed = await till.post(f"/api/v2/till-sessions/{session['id']}/close", {"counted_minor": FLOAT_MINOR})
    number = closed["z_report"]["number"]
    with pytest.raises(Refused) as refused:
        await till.get(f"/api/v2/z-reports/{number}")
    assert (refused.value.status, refused.value.code) == (403, "permission_missing")
    assert await manager.get(f"/api/v2/z-reports/{number}") == closed["z_report"]
    other = await open_till(manager)
    await manager.post(f"/api/v2/till-sessions/{other['id']}/close", {"counted_minor": FLOAT_MINOR})
    with pytest.raises(Refused) as anothers:
        await till.get(f"/api/v2/till-sessions/{other['id']}/x-report")
    assert (anothers.value.status, anothers.value.code) == (403, "report_not_yours")
