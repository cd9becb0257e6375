"""X and Z reports."""

from dataclasses import asdict, replace

from fynlo.payments.v1 import events_pb2 as payments_events
from fynlo.payments.v1 import payments_pb2

from chassis.instants import timestamp
from services.payments.domain.report import Reconciliation, TillReport
from services.payments.wire.actor import optional_actor
from services.payments.wire.fee import METHOD
from services.payments.wire.till import drawer_event


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
                method=METHOD[tender.method],
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
        drawer_events=[drawer_event(one) for one in of.drawer_events],
        comp_minor=of.comp_minor,
        comp_count=of.comp_count,
        nothing=None if of.nothing is None else payments_pb2.OrdersOfNothing(**asdict(of.nothing)),
    )


def z_report_issued(of: TillReport) -> payments_events.ZReportIssued:
    """A session was closed and its report numbered and sealed.

    An event is small: what moved in the drawer is read with the report.
    """
    return payments_events.ZReportIssued(report=till_report(replace(of, drawer_events=())))


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
        approved_by=optional_actor(of.approved_by),
    )
