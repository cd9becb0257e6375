"""The JSON that devices see: what is made of the contracts has the shapes that were published."""

import orjson
import pytest
from fynlo.auth.v1 import auth_pb2
from fynlo.catalog.v1 import catalog_pb2
from fynlo.common.v1 import common_pb2
from fynlo.orders.v1 import floor_pb2, orders_pb2
from fynlo.payments.v1 import payments_pb2
from fynlo.realtime.v1 import channel_source_service_pb2 as channel_source_api
from fynlo.realtime.v1 import realtime_pb2
from fynlo.staff.v1 import staff_pb2
from fynlo_json import auth as auth_json
from fynlo_json import orders as orders_json
from fynlo_json import payments as payments_json
from fynlo_json import realtime as realtime_json
from fynlo_json import staff as staff_json
from google.protobuf.timestamp_pb2 import Timestamp

PUBLISHED_ORDER = {
    "id",
    "number",
    "restaurant_id",
    "state",
    "lifecycle",
    "payment_state",
    "kitchen_state",
    "service_flow",
    "order_type",
    "table",
    "covers",
    "currency",
    "business_date",
    "created_at",
    "version",
    "lines",
    "vat",
    "totals",
}
PUBLISHED_LINE = {
    "id",
    "item_id",
    "name",
    "quantity",
    "unit_price_minor",
    "options",
    "note",
    "seat",
    "course",
    "gross_minor",
    "discount_minor",
    "vat_rate_bp",
    "vat_minor",
    "kitchen_state",
    "voided",
}
PUBLISHED_TOTALS = {
    "goods_minor",
    "discount_minor",
    "service_charge_minor",
    "vat_minor",
    "total_minor",
    "paid_minor",
    "due_minor",
}
PUBLISHED_TICKET = {
    "id",
    "order_id",
    "order_number",
    "station_id",
    "revision",
    "state",
    "course",
    "table",
    "created_at",
    "target_at",
    "allergy",
    "lines",
    "guest_allergy",
    "allergy_acknowledged_at",
    "note",
}
PUBLISHED_TABLE = {
    "id",
    "name",
    "section_id",
    "seats",
    "shape",
    "x",
    "y",
    "state",
    "order_ids",
    "covers",
    "server_id",
    "version",
}
NOON = Timestamp(seconds=1767225600, nanos=987_654_321)


def full_order() -> orders_pb2.Order:
    return orders_pb2.Order(
        id="o1",
        restaurant_id="r1",
        number=7,
        state=orders_pb2.ORDER_STATE_PAID,
        lifecycle=orders_pb2.LIFECYCLE_CANCEL_PENDING,
        payment_state=orders_pb2.PAYMENT_STATE_PART_PAID,
        kitchen_state=orders_pb2.KITCHEN_STATE_QUEUED,
        service_flow=orders_pb2.SERVICE_FLOW_PAY_FIRST,
        order_type=common_pb2.ORDER_TYPE_EAT_IN,
        table_id="t1",
        table_name="12",
        currency_code="GBP",
        business_date="2026-01-01",
        created_at=NOON,
        version=3,
        lines=[
            orders_pb2.OrderLine(
                id="l1",
                item_id="i1",
                name="Soup",
                quantity=2,
                unit_price_minor=450,
                options=[
                    orders_pb2.ChosenOption(option_id="x", name="Bread", quantity=1, price_delta_minor=50)
                ],
                gross_minor=1000,
                vat_rate_bp=2000,
                vat_minor=167,
                kitchen_state=orders_pb2.KITCHEN_STATE_HELD,
                allergens=[catalog_pb2.ALLERGEN_MILK],
            )
        ],
        vat=[orders_pb2.VatGroup(rate_bp=2000, gross_minor=1000, vat_minor=167)],
        totals=orders_pb2.OrderTotals(goods_minor=1000, total_minor=1000, due_minor=1000),
    )


def full_ticket() -> orders_pb2.Ticket:
    return orders_pb2.Ticket(
        id="k1",
        order_id="o1",
        order_number=7,
        station_id="s1",
        revision=2,
        state=orders_pb2.KITCHEN_STATE_PREPARING,
        table_name="12",
        created_at=NOON,
        target_at=NOON,
        allergens=[catalog_pb2.ALLERGEN_CEREALS_CONTAINING_GLUTEN],
        lines=[
            orders_pb2.TicketLine(
                id="l1",
                name="Soup",
                quantity=2,
                options=[
                    orders_pb2.ChosenOption(option_id="x", name="Bread", quantity=1, price_delta_minor=50)
                ],
                note="no salt",
                state=orders_pb2.KITCHEN_STATE_PREPARING,
            )
        ],
    )


def keys_of(value: object) -> set[str]:
    if isinstance(value, dict):
        return set(value) | {key for part in value.values() for key in keys_of(part)}
    if isinstance(value, list):
        return {key for part in value for key in keys_of(part)}
    return set()


def test_an_order_has_every_published_field() -> None:
    shown = orders_json.order(full_order())
    assert set(shown) >= PUBLISHED_ORDER
    assert set(shown["lines"][0]) >= PUBLISHED_LINE
    assert set(shown["totals"]) == PUBLISHED_TOTALS
    assert set(shown["vat"][0]) == {"rate_bp", "gross_minor", "vat_minor"}
    assert shown["lines"][0]["options"] == [
        {"option_id": "x", "name": "Bread", "quantity": 1, "price_delta_minor": 50}
    ]


def test_enum_values_are_lower_case_without_prefix() -> None:
    shown = orders_json.order(full_order())
    assert (shown["state"], shown["lifecycle"], shown["payment_state"]) == (
        "paid",
        "cancel_pending",
        "part_paid",
    )
    assert (shown["service_flow"], shown["order_type"], shown["kitchen_state"]) == (
        "pay_first",
        "eat_in",
        "queued",
    )
    assert shown["lines"][0]["allergens"] == ["milk"]


def test_an_enum_value_from_the_future_is_unknown_and_not_an_error() -> None:
    order = full_order()
    order.MergeFromString(orders_pb2.Order(state=77).SerializeToString())  # type: ignore[arg-type]
    assert orders_json.order(order)["state"] == "unknown"


def test_instants_are_rfc_3339_in_utc_with_milliseconds() -> None:
    assert orders_json.order(full_order())["created_at"] == "2026-01-01T00:00:00.987Z"


def test_what_is_empty_is_null() -> None:
    shown = orders_json.order(orders_pb2.Order(id="o1", currency_code="GBP"))
    for name in (
        "number",
        "table",
        "customer_id",
        "covers",
        "created_at",
        "completed_at",
        "unsent_since",
        "guest_allergy",
        "state",
        "placed_by",
    ):
        assert shown[name] is None, name
    assert shown["lines"] == shown["vat"] == []
    assert set(shown["totals"].values()) == {0}


def test_a_guest_s_allergy_is_named_on_order_and_ticket() -> None:
    nuts = orders_pb2.GuestAllergy(allergens=[catalog_pb2.ALLERGEN_NUTS])
    assert orders_json.order(orders_pb2.Order(guest_allergy=nuts))["guest_allergy"] == {
        "allergens": ["nuts"],
        "text": None,
    }
    waits = orders_json.ticket(orders_pb2.Ticket(guest_allergy=nuts))
    assert (waits["guest_allergy"]["allergens"], waits["allergy_acknowledged_at"]) == (["nuts"], None)
    read = orders_json.ticket(orders_pb2.Ticket(guest_allergy=nuts, allergy_acknowledged_at=NOON))
    assert read["allergy_acknowledged_at"] == "2026-01-01T00:00:00.987Z"


def test_a_table_is_its_id_and_name() -> None:
    assert orders_json.order(full_order())["table"] == {"id": "t1", "name": "12"}


def test_a_table_of_the_floor_has_every_published_field_and_says_nothing_of_what_is_not() -> None:
    shown = orders_json.table(floor_pb2.Table(id="t1", state=floor_pb2.TABLE_STATE_FREE))
    assert set(shown) == PUBLISHED_TABLE | {"reservation"}
    assert (shown["state"], shown["order_ids"], shown["x"]) == ("free", [], 0)
    assert shown["covers"] is shown["server_id"] is shown["reservation"] is None
    expected = floor_pb2.Reservation(starts_at=NOON, minutes=90, name="Okonkwo")
    assert orders_json.reservation(expected) == {
        "from": "2026-01-01T00:00:00.987Z",
        "minutes": 90,
        "name": "Okonkwo",
    }


def test_a_ticket_has_every_published_field_and_neither_money_nor_people() -> None:
    shown = orders_json.ticket(full_ticket())
    assert set(shown) >= PUBLISHED_TICKET
    assert shown["allergy"] == ["cereals_containing_gluten"]
    assert not [key for key in keys_of(shown) if "minor" in key or "price" in key or "customer" in key]
    assert not {"currency", "placed_by", "user_id"} & keys_of(shown)


def test_a_till_shows_its_count_only_when_closed() -> None:
    open_till = payments_pb2.TillSession(id="t", state=payments_pb2.TILL_STATE_OPEN, expected_minor=100)
    assert payments_json.till_session(open_till)["counted_minor"] is None
    closed = payments_pb2.TillSession(id="t", state=payments_pb2.TILL_STATE_CLOSED, variance_minor=0)
    shown = payments_json.till_session(closed)
    assert (shown["counted_minor"], shown["state"]) == (0, "closed")


def test_change_is_shown_for_cash_only() -> None:
    cash = payments_pb2.Payment(id="p", method=payments_pb2.PAYMENT_METHOD_CASH, tendered_minor=500)
    card = payments_pb2.Payment(id="p", method=payments_pb2.PAYMENT_METHOD_CARD)
    assert payments_json.payment(cash)["change_minor"] == 0
    assert payments_json.payment(card)["change_minor"] is None
    assert set(payments_json.payment(card)["fee"]) == {"provider_minor", "platform_minor", "bearer"}


def test_an_open_time_card_has_no_worked_minutes() -> None:
    card = staff_pb2.Timecard(id="t", employee_id="e", clocked_in_at=NOON)
    assert staff_json.timecard(card)["worked_minutes"] is None
    card.clocked_out_at.CopyFrom(NOON)
    assert staff_json.timecard(card)["worked_minutes"] == 0


def test_a_person_without_a_chosen_restaurant_logs_in_to_none() -> None:
    shown = auth_json.session(auth_pb2.Session(access_token="t", role=auth_pb2.ROLE_PLATFORM_OWNER))
    assert (shown["restaurant"], shown["role"]) == (None, "platform_owner")


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("orders", {"orders": [], "alarms": [], "unrouted": []}),
        ("kitchen", {"tickets": [], "stations": []}),
        ("floor", {"tables": [], "sections": []}),
        ("printing", {"printers": [], "jobs": []}),
        ("inventory", {"levels": []}),
        ("staff", {"timecards": []}),
        ("tills", {"sessions": []}),
        ("metrics", {"metrics": None}),
    ],
)
def test_every_kind_of_snapshot_has_its_shape(kind: str, expected: dict[str, object]) -> None:
    answer = channel_source_api.GetSnapshotResponse(epoch="e", seq=4)
    getattr(answer, kind).SetInParent()
    assert realtime_json.get_snapshot_response(answer) == {
        "e": "e",
        "s": 4,
        "state": expected,
    }


def test_a_snapshot_without_a_state_is_refused() -> None:
    with pytest.raises(KeyError):
        realtime_json.get_snapshot_response(channel_source_api.GetSnapshotResponse())


def test_everything_is_ready_for_orjson() -> None:
    kitchen = realtime_pb2.KitchenState(
        tickets=[full_ticket()], stations=[orders_pb2.Station(id="s", name="Grill")]
    )
    answer = channel_source_api.GetSnapshotResponse(epoch="e", seq=1, kitchen=kitchen)
    shown = [
        realtime_json.get_snapshot_response(answer),
        orders_json.order(full_order()),
        payments_json.till_report(payments_pb2.TillReport(number=1)),
        orders_json.restaurant_metrics(orders_pb2.RestaurantMetrics(computed_at=NOON)),
        orders_json.state_change(orders_pb2.StateChange(sequence=1)),
    ]
    assert all(orjson.loads(orjson.dumps(one)) == one for one in shown)
