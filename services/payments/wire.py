"""Protobuf on the outside, dataclasses inside, both ways."""

from dataclasses import replace
from uuid import UUID

from fynlo.common.v1 import common_pb2
from fynlo.orders.v1 import orders_pb2
from fynlo.payments.v1 import events_pb2 as payments_events
from fynlo.payments.v1 import payments_pb2

from chassis.instants import timestamp
from services.payments.domain.bill import Bill, BillMode, BillState, Charges, VatGroup
from services.payments.domain.fees import Bearer, Fee, Method, MethodCost
from services.payments.domain.payment import Payment, PaymentStatus, Restaurant
from services.payments.domain.report import Reconciliation, TillReport
from services.payments.domain.till import Actor, DrawerEvent, DrawerKind, TillSession, TillState

_METHOD = {method: payments_pb2.PaymentMethod.Value(f"PAYMENT_METHOD_{method.name}") for method in Method}
_METHOD_OF = {number: method for method, number in _METHOD.items()}
_STATUS = {
    status: payments_pb2.PaymentStatus.Value(f"PAYMENT_STATUS_{status.name}") for status in PaymentStatus
}
_BEARER = {bearer: payments_pb2.FeeBearer.Value(f"FEE_BEARER_{bearer.name}") for bearer in Bearer}
_TILL_STATE = {state: payments_pb2.TillState.Value(f"TILL_STATE_{state.name}") for state in TillState}
_DRAWER_OF = {
    payments_pb2.DrawerEventKind.Value(f"DRAWER_EVENT_KIND_{kind.name}"): kind for kind in DrawerKind
}
_DRAWER = {kind: number for number, kind in _DRAWER_OF.items()}
_MODE_OF = {common_pb2.BillMode.Value(f"BILL_MODE_{mode.name}"): mode for mode in BillMode}


# -- in --------------------------------------------------------------------------------------------------


def method_in(method: payments_pb2.PaymentMethod.ValueType) -> Method:
    """A way to pay; requests never carry the unspecified one."""
    return _METHOD_OF[method]


def drawer_kind_in(kind: payments_pb2.DrawerEventKind.ValueType) -> DrawerKind:
    """Why cash moves; requests never carry the unspecified one."""
    return _DRAWER_OF[kind]


def restaurant_in(settings: common_pb2.RestaurantSettings) -> Restaurant:
    """What payments keep of a restaurant's settings."""
    return Restaurant(
        id=UUID(settings.restaurant_id),
        version=settings.version,
        currency_code=settings.currency_code,
        time_zone=settings.time_zone,
        day_cutoff_minutes=settings.day_cutoff_minutes,
        fee_preset=settings.fee_preset,
    )


def is_draft(order: orders_pb2.Order) -> bool:
    """A draft has no bill yet."""
    return order.lifecycle in (orders_pb2.LIFECYCLE_DRAFT, orders_pb2.LIFECYCLE_UNSPECIFIED)


def bill_in(order: orders_pb2.Order) -> Bill:
    """The bill of an order, without the money that is on it."""
    cancelled = order.lifecycle == orders_pb2.LIFECYCLE_CANCELLED
    return Bill(
        order_id=UUID(order.id),
        order_number=order.number,
        order_version=order.version,
        currency_code=order.currency_code,
        covers=order.covers,
        state=BillState.CLOSED if cancelled else BillState.OPEN,
        charges=Charges(
            mode=_MODE_OF.get(order.bill_mode, BillMode.INCLUSIVE_OPTIONAL),
            total_minor=order.totals.total_minor,
            service_minor=order.totals.service_charge_minor,
            discount_minor=order.totals.discount_minor,
            void_minor=sum(line.gross_minor for line in order.lines if line.voided),
            vat=tuple(VatGroup(group.rate_bp, group.gross_minor, group.vat_minor) for group in order.vat),
        ),
    )


# -- out -------------------------------------------------------------------------------------------------


def fee(of: Fee) -> payments_pb2.Fee:
    """A fee in minor units."""
    return payments_pb2.Fee(
        provider_minor=of.provider_minor, platform_minor=of.platform_minor, bearer=_BEARER[of.bearer]
    )


def method_cost(of: MethodCost) -> payments_pb2.MethodCost:
    """One line of a comparison."""
    return payments_pb2.MethodCost(
        method=_METHOD[of.method],
        fee=fee(of.fee),
        total_minor=of.fee.total_minor,
        saving_bp=of.saving_bp,
        offered=of.offered,
    )


def payment(of: Payment) -> payments_pb2.Payment:
    """A payment."""
    return payments_pb2.Payment(
        id=str(of.id),
        restaurant_id=str(of.restaurant_id),
        order_id=str(of.order_id),
        order_number=of.order_number,
        method=_METHOD[of.method],
        status=_STATUS[of.status],
        currency_code=of.currency_code,
        amount_minor=of.amount_minor,
        tip_minor=of.tip_minor,
        tendered_minor=of.tendered_minor,
        change_minor=of.change_minor,
        fee=fee(of.fee),
        till_session_id=_id(of.till_session_id),
        business_date=of.business_date.isoformat(),
        created_at=timestamp(of.created_at),
        taken_by=_actor(of.taken_by),
        check_id=of.check_id,
        approved_by=_optional_actor(of.approved_by),
        reason=of.reason,
    )


def till_session(of: TillSession) -> payments_pb2.TillSession:
    """A till session."""
    return payments_pb2.TillSession(
        id=str(of.id),
        restaurant_id=str(of.restaurant_id),
        till=of.till,
        state=_TILL_STATE[of.state],
        currency_code=of.currency_code,
        business_date=of.business_date.isoformat(),
        opened_at=timestamp(of.opened_at),
        closed_at=timestamp(of.closed_at),
        opening_float_minor=of.opening_float_minor,
        expected_minor=of.expected_minor,
        counted_minor=of.counted_minor,
        variance_minor=of.variance_minor,
        opened_by=_actor(of.opened_by),
        closed_by=_optional_actor(of.closed_by),
        version=of.version,
    )


def till_report(of: TillReport) -> payments_pb2.TillReport:
    """An X or a Z report."""
    return payments_pb2.TillReport(
        number=of.number,
        restaurant_id=str(of.restaurant_id),
        till_session_id=str(of.till_session_id),
        till=of.till,
        business_date=of.business_date.isoformat(),
        currency_code=of.currency_code,
        from_time=timestamp(of.from_time),
        until_time=timestamp(of.until_time),
        gross_minor=of.gross_minor,
        discount_minor=of.discount_minor,
        void_minor=of.void_minor,
        refund_minor=of.refund_minor,
        net_minor=of.net_minor,
        vat=[
            payments_pb2.VatTotal(rate_bp=vat.rate_bp, gross_minor=vat.gross_minor, vat_minor=vat.vat_minor)
            for vat in of.vat
        ],
        service_charge_minor=of.service_charge_minor,
        tip_minor=of.tip_minor,
        tenders=[
            payments_pb2.TenderTotal(
                method=_METHOD[tender.method],
                count=tender.count,
                amount_minor=tender.amount_minor,
                tip_minor=tender.tip_minor,
                fee_minor=tender.fee_minor,
            )
            for tender in of.tenders
        ],
        fee_minor=of.fee_minor,
        cash=_cash(of.cash),
        covers=of.covers,
        order_count=of.order_count,
        staff=[
            payments_pb2.StaffTotal(
                user_id=str(person.user_id),
                name=person.name,
                count=person.count,
                amount_minor=person.amount_minor,
            )
            for person in of.staff
        ],
        first_order_number=of.first_order_number,
        last_order_number=of.last_order_number,
        previous_hash=of.previous_hash,
        hash=of.hash,
        drawer_events=[_drawer_event(one) for one in of.drawer_events],
    )


# -- events ----------------------------------------------------------------------------------------------


def payment_captured(of: Payment, bill: Bill) -> payments_events.PaymentCaptured:
    """Money was taken; ``bill`` is as it stands after it."""
    return payments_events.PaymentCaptured(
        payment=payment(of), paid_minor=bill.paid_minor, due_minor=bill.due_minor, sequence=of.sequence
    )


def till_session_updated(of: TillSession) -> payments_events.TillSessionUpdated:
    """Anything about a session changed; always the whole session with its version."""
    return payments_events.TillSessionUpdated(session=till_session(of))


def z_report_issued(of: TillReport) -> payments_events.ZReportIssued:
    """A session was closed and its report numbered and sealed.

    An event is small: what moved in the drawer is read with the report.
    """
    return payments_events.ZReportIssued(report=till_report(replace(of, drawer_events=())))


def _drawer_event(of: DrawerEvent) -> payments_pb2.DrawerEvent:
    return payments_pb2.DrawerEvent(
        id=str(of.id),
        kind=_DRAWER[of.kind],
        amount_minor=of.amount_minor,
        reason=of.reason,
        created_at=timestamp(of.at),
        actor=_actor(of.actor),
        approved_by=_optional_actor(of.approved_by),
    )


def _cash(of: Reconciliation) -> payments_pb2.CashReconciliation:
    return payments_pb2.CashReconciliation(
        opening_float_minor=of.totals.opening_float_minor,
        cash_sales_minor=of.totals.sales_minor,
        cash_refunds_minor=of.totals.refunds_minor,
        paid_in_minor=of.totals.paid_in_minor,
        paid_out_minor=of.totals.paid_out_minor,
        drops_minor=of.totals.drops_minor,
        expected_minor=of.expected_minor,
        counted_minor=of.counted_minor,
        variance_minor=of.variance_minor,
        variance_reason=of.variance_reason,
        approved_by=_optional_actor(of.approved_by),
    )


def _actor(of: Actor) -> common_pb2.Actor:
    return common_pb2.Actor(user_id=str(of.user_id), name=of.name, device_id=of.device_id)


def _optional_actor(of: Actor | None) -> common_pb2.Actor | None:
    return None if of is None else _actor(of)


def _id(value: UUID | None) -> str:
    return "" if value is None else str(value)
