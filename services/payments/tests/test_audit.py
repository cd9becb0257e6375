"""Money that moves leaves a line: a till, its drawer, a payment, the count. Refused or repeated: none."""

import pytest
from structlog.testing import capture_logs

from services.payments.domain.errors import AmountAboveBalance, TillAlreadyOpen
from services.payments.domain.till import DrawerKind
from services.payments.tests.world import World


async def test_a_day_at_the_till_is_written_down_once(world: World) -> None:
    order, opening, paying, closing = world.order(1000), world.key(), world.key(), world.key()
    with capture_logs() as lines:
        for _ in range(2):
            till = await world.open_till("Front", 5000, key=opening)
        with pytest.raises(TillAlreadyOpen):
            await world.open_till("Front")
        await world.move(till, DrawerKind.PAID_OUT, 1500)
        for _ in range(2):
            paid = await world.pay(order, tip=100, tendered=2000, key=paying)
        with pytest.raises(AmountAboveBalance):
            await world.pay(order, 1)
        for _ in range(2):
            closed = await world.close(till, 4600, key=closing)
    told = [line for line in lines if line.get("part") == "audit"]
    assert [line["event"] for line in told] == [
        "payments.till_opened",
        "payments.drawer_opened",
        "payments.payment_taken",
        "payments.till_closed",
    ]
    opened, moved, taken, counted = told
    assert {str(line["till_session_id"]) for line in (opened, moved, counted)} == {till.id}
    assert (opened["till"], opened["opening_float_minor"]) == ("Front", 5000)
    assert (moved["kind"], moved["amount_minor"]) == ("paid_out", 1500)
    assert (str(taken["payment_id"]), str(taken["order_id"])) == (paid.payment.id, order.id)
    assert (taken["method"], taken["amount_minor"], taken["tip_minor"]) == ("cash", 1000, 100)
    assert (counted["counted_minor"], counted["variance_minor"]) == (4600, 0)
    assert counted["z_number"] == closed.report.number == 1
