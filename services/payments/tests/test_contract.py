"""The published examples of payments' events are what payments write, and every enum survives the"""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from buf.validate import validate_pb2
from fynlo.auth.v1.events_pb2 import RestaurantUpdated
from fynlo.common.v1 import common_pb2
from fynlo.orders.v1 import orders_pb2
from fynlo.orders.v1.lines_pb2 import LineVoid
from fynlo.payments.v1 import payments_pb2
from fynlo.payments.v1.events_pb2 import PaymentCaptured, TillSessionUpdated, ZReportIssued
from google.protobuf import json_format
from google.protobuf.message import Message

from services.payments.domain.bill import Bill, BillMode, BillState, parts_of
from services.payments.domain.fee import NO_FEE, PRESETS, Method
from services.payments.domain.payment import Payment, PaymentStatus
from services.payments.domain.report import GENESIS_HASH, Taken, TillReport, VatTotal, issue, report_of
from services.payments.domain.till import CashTotals, DrawerKind, TillSession, TillState
from services.payments.tests.builders import ANNA, NOON, RESTAURANT, bill, charges, session
from services.payments.wire.bill import bill_in, is_draft
from services.payments.wire.fee import method_in
from services.payments.wire.payment import payment, payment_captured
from services.payments.wire.report import z_report_issued
from services.payments.wire.restaurant import restaurant_in
from services.payments.wire.till import drawer_kind_in, till_session_updated

EXAMPLES = Path(__file__).parents[3] / "protos" / "examples"
ORDER = UUID("01930000-0000-7000-8000-0000000000b1")
PAYMENT = UUID("01930000-0000-7000-8000-0000000000c1")
SESSION = UUID("01930000-0000-7000-8000-0000000000d1")


def the_session() -> TillSession:
    return replace(session(expected=16550), id=SESSION, version=2)


def the_payment() -> Payment:
    return Payment(
        id=PAYMENT,
        restaurant_id=RESTAURANT,
        order_id=ORDER,
        order_number=7,
        sequence=1,
        method=Method.CASH,
        status=PaymentStatus.CAPTURED,
        currency_code="GBP",
        amount_minor=11250,
        tip_minor=300,
        tendered_minor=12000,
        change_minor=450,
        fee=NO_FEE,
        till_session_id=SESSION,
        check_id="",
        business_date=NOON.date(),
        created_at=NOON,
        taken_by=ANNA,
    )


def the_bill() -> Bill:
    return replace(bill(charges(20000, service=1250)), order_id=ORDER, paid_minor=11250)


def the_report() -> TillReport:
    closed_at = NOON + timedelta(hours=9)
    closed = replace(
        the_session(),
        state=TillState.CLOSED,
        closed_at=closed_at,
        counted_minor=16547,
        variance_minor=-3,
        variance_reason="three pence short",
    )
    taken = Taken(Method.CASH, ANNA.user_id, ANNA.name, 1, 11250, 300, 0, 10000, 0, 0, 1250, 2, 1, 7, 7)
    report = report_of(closed, closed_at, [taken], [VatTotal(2000, 10000, 1667)], CashTotals(5000, 11550))
    return issue(report, 1, GENESIS_HASH)[0]


def events() -> dict[str, Message]:
    return {
        "PaymentCaptured": payment_captured(the_payment(), the_bill()),
        "TillSessionUpdated": till_session_updated(the_session()),
        "ZReportIssued": z_report_issued(the_report()),
    }


@pytest.mark.parametrize("kind", [PaymentCaptured, TillSessionUpdated, ZReportIssued])
def test_the_example_is_what_payments_publish(kind: type[Message]) -> None:
    name = kind.DESCRIPTOR.name
    text = (EXAMPLES / f"{name}.json").read_text(encoding="utf-8")
    assert json_format.Parse(text, kind()) == events()[name]


@pytest.mark.parametrize("method", Method)
def test_every_method_survives_the_wire(method: Method) -> None:
    number = payment(replace(the_payment(), method=method)).method
    assert payments_pb2.PaymentMethod.Name(number) == f"PAYMENT_METHOD_{method.name}"
    assert method_in(number) is method


def test_every_drawer_event_and_bill_mode_is_known() -> None:
    kinds = [n for n in payments_pb2.DrawerEventKind.values() if n]
    assert {drawer_kind_in(kind) for kind in kinds} == set(DrawerKind)
    modes = [n for n in common_pb2.BillMode.values() if n]
    orders = [orders_pb2.Order(id=str(ORDER), bill_mode=mode) for mode in modes]
    assert {bill_in(order).charges.mode for order in orders} == set(BillMode)


def test_a_bill_is_what_the_order_says() -> None:
    order = orders_pb2.Order(
        id=str(ORDER),
        number=7,
        version=3,
        lifecycle=orders_pb2.LIFECYCLE_VALIDATED,
        currency_code="GBP",
        covers=2,
        bill_mode=common_pb2.BILL_MODE_INCLUSIVE_OPTIONAL,
        lines=[
            orders_pb2.OrderLine(gross_minor=10500),
            orders_pb2.OrderLine(gross_minor=700, voided=True),
            orders_pb2.OrderLine(gross_minor=0, voided=True, voids=[LineVoid(quantity=1, gross_minor=200)]),
            orders_pb2.OrderLine(gross_minor=600, voids=[LineVoid(gross_minor=50), LineVoid(gross_minor=7)]),
        ],
        vat=[orders_pb2.VatGroup(rate_bp=2000, gross_minor=10000, vat_minor=1667)],
        totals=orders_pb2.OrderTotals(
            goods_minor=10000, discount_minor=500, service_charge_minor=1250, total_minor=11250
        ),
    )
    made = bill_in(order)
    assert made == replace(
        bill(charges(11250, service=1250, discount=500, void=957)), order_id=ORDER, order_version=3
    )
    assert sum(parts_of(made.charges).values()) == 11250
    order.lifecycle = orders_pb2.LIFECYCLE_CANCELLED
    assert bill_in(order).state is BillState.CLOSED
    assert not is_draft(order)
    order.lifecycle = orders_pb2.LIFECYCLE_DRAFT
    assert is_draft(order)


def test_the_settings_that_auth_publishes_are_understood() -> None:
    text = (EXAMPLES / "RestaurantUpdated.json").read_text(encoding="utf-8")
    restaurant = restaurant_in(json_format.Parse(text, RestaurantUpdated()).settings)
    assert (restaurant.version, restaurant.currency_code, restaurant.fee_preset) == (3, "GBP", "listed")
    assert restaurant.business_date(NOON.replace(hour=3)) == NOON.date() - timedelta(days=1)
    assert restaurant.business_date(NOON.replace(hour=4)) == NOON.date()


def test_every_price_list_that_settings_may_name_is_known() -> None:
    options = common_pb2.RestaurantSettings.DESCRIPTOR.fields_by_name["fee_preset"].GetOptions()
    assert list(getattr(options.Extensions[validate_pb2.field].string, "in")) == list(PRESETS)
