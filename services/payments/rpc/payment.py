"""Payments, bills and the ledger over gRPC."""
# ruff: noqa: N802 - methods have the names of the contract

from fynlo.payments.v1 import payments_service_pb2 as payments_api
from fynlo.payments.v1 import payments_service_pb2_grpc as payments_grpc

from chassis.auth.trust import Trust
from chassis.db import Database
from chassis.db.commands import Answer
from chassis.db.idempotency import key_of
from chassis.ids import parse_id
from chassis.rpc import current_principal, tenant_named
from chassis.rpc.cursors import BY_TIME, page_of
from services.payments.rpc.actor import actor_of
from services.payments.rpc.approval import Approvals
from services.payments.rpc.fields import Context, optional_day, optional_id
from services.payments.usecases import bill as bills
from services.payments.usecases import fee as fees
from services.payments.usecases import ledger
from services.payments.usecases import payment as payments
from services.payments.usecases.ports import Peers
from services.payments.wire.fee import method_cost, method_in
from services.payments.wire.ledger import account
from services.payments.wire.payment import payment, payment_taken

SERVICE = payments_api.DESCRIPTOR.services_by_name["PaymentsService"].full_name


def _closed(_: None) -> payments_api.CloseBillResponse:
    return payments_api.CloseBillResponse()


TAKEN = Answer(payments_api.TakePaymentResponse, payment_taken)
CLOSED = Answer(payments_api.CloseBillResponse, _closed)


class PaymentsRpc(payments_grpc.PaymentsServiceServicer):
    """Payments, bills and the ledger."""

    def __init__(self, db: Database, peers: Peers, trust: Trust) -> None:
        self._db = db
        self._peers = peers
        self._approvals = Approvals(trust, SERVICE)

    async def TakePayment(
        self, request: payments_api.TakePaymentRequest, context: Context
    ) -> payments_api.TakePaymentResponse:
        principal = current_principal()
        command = payments.TakePayment(
            tenant=principal.tenant,
            key=key_of("TakePayment", request, principal),
            actor=actor_of(principal),
            order_id=parse_id(request.order_id),
            payment_id=optional_id(request.payment_id),
            method=method_in(request.method),
            amount_minor=request.amount_minor if request.HasField("amount_minor") else None,
            tip_minor=request.tip_minor,
            tendered_minor=request.tendered_minor if request.HasField("tendered_minor") else None,
            till_session_id=optional_id(request.till_session_id),
            check_id=str(optional_id(request.check_id) or ""),
            reason=request.reason,
            authority=await self._approvals.behind("TakePayment", principal, request.approval),
        )
        return await payments.take_payment(self._db, self._peers, command, TAKEN)

    async def GetPayment(
        self, request: payments_api.GetPaymentRequest, context: Context
    ) -> payments_api.GetPaymentResponse:
        found = await payments.get_payment(self._db, current_principal().tenant, parse_id(request.payment_id))
        return payments_api.GetPaymentResponse(payment=payment(found))

    async def ListPayments(
        self, request: payments_api.ListPaymentsRequest, context: Context
    ) -> payments_api.ListPaymentsResponse:
        shown, following = await payments.list_payments(
            self._db,
            self._peers,
            current_principal().tenant,
            page_of(request, BY_TIME),
            order_id=optional_id(request.order_id),
            session_id=optional_id(request.till_session_id),
        )
        return payments_api.ListPaymentsResponse(
            payments=[payment(one) for one in shown], next_cursor=following
        )

    async def CompareCosts(
        self, request: payments_api.CompareCostsRequest, context: Context
    ) -> payments_api.CompareCostsResponse:
        query = fees.CompareCosts(
            restaurant_id=current_principal().tenant,
            amount_minor=request.amount.amount_minor,
            currency_code=request.amount.currency_code,
            tip_minor=request.tip_minor,
            service_charge_minor=request.service_charge_minor,
        )
        costs = await fees.compare_costs(self._db, self._peers, query)
        return payments_api.CompareCostsResponse(costs=[method_cost(cost) for cost in costs])

    async def CloseBill(
        self, request: payments_api.CloseBillRequest, context: Context
    ) -> payments_api.CloseBillResponse:
        principal = current_principal()
        command = bills.CloseBill(
            tenant=tenant_named(request.restaurant_id),
            key=key_of("CloseBill", request, principal),
            order_id=parse_id(request.order_id),
        )
        return await bills.close_bill(self._db, command, CLOSED)

    async def GetTrialBalance(
        self, request: payments_api.GetTrialBalanceRequest, context: Context
    ) -> payments_api.GetTrialBalanceResponse:
        day = optional_day(request.business_date)
        balances = await ledger.get_trial_balance(self._db, current_principal().tenant, day)
        return payments_api.GetTrialBalanceResponse(accounts=[account(one) for one in balances])
