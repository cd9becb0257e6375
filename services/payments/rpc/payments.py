"""Payments, bills and the ledger over gRPC."""
# ruff: noqa: N802 - methods have the names of the contract

from fynlo.payments.v1 import payments_service_pb2 as payments_api
from fynlo.payments.v1 import payments_service_pb2_grpc as payments_grpc

from chassis.auth.trust import Trust
from chassis.db import Database
from chassis.db.idempotency import key_of
from chassis.ids import parse_id
from chassis.rpc import current_principal, tenant_named
from chassis.rpc.cursors import BY_TIME, page_of
from services.payments import usecases, wire
from services.payments.rpc.approvals import Approvals
from services.payments.rpc.callers import Context, actor_of, optional_day, optional_id

SERVICE = payments_api.DESCRIPTOR.services_by_name["PaymentsService"].full_name


class PaymentsRpc(payments_grpc.PaymentsServiceServicer):
    """Payments, bills and the ledger."""

    def __init__(self, db: Database, peers: usecases.Peers, trust: Trust) -> None:
        self._db = db
        self._peers = peers
        self._approvals = Approvals(trust, SERVICE)

    async def TakePayment(
        self, request: payments_api.TakePaymentRequest, context: Context
    ) -> payments_api.TakePaymentResponse:
        principal = current_principal()
        command = usecases.TakePayment(
            tenant=principal.tenant,
            key=key_of("TakePayment", request, principal),
            actor=actor_of(principal),
            order_id=parse_id(request.order_id),
            payment_id=optional_id(request.payment_id),
            method=wire.method_in(request.method),
            amount_minor=request.amount_minor if request.HasField("amount_minor") else None,
            tip_minor=request.tip_minor,
            tendered_minor=request.tendered_minor if request.HasField("tendered_minor") else None,
            till_session_id=optional_id(request.till_session_id),
            check_id=str(optional_id(request.check_id) or ""),
            reason=request.reason,
            authority=await self._approvals.behind("TakePayment", principal, request.approval),
        )
        return await usecases.take_payment(self._db, self._peers, command)

    async def GetPayment(
        self, request: payments_api.GetPaymentRequest, context: Context
    ) -> payments_api.GetPaymentResponse:
        return await usecases.get_payment(self._db, current_principal().tenant, parse_id(request.payment_id))

    async def ListPayments(
        self, request: payments_api.ListPaymentsRequest, context: Context
    ) -> payments_api.ListPaymentsResponse:
        return await usecases.list_payments(
            self._db,
            self._peers,
            current_principal().tenant,
            page_of(request, BY_TIME),
            order_id=optional_id(request.order_id),
            session_id=optional_id(request.till_session_id),
        )

    async def CompareCosts(
        self, request: payments_api.CompareCostsRequest, context: Context
    ) -> payments_api.CompareCostsResponse:
        query = usecases.CompareCosts(
            restaurant_id=current_principal().tenant,
            amount_minor=request.amount.amount_minor,
            currency_code=request.amount.currency_code,
            tip_minor=request.tip_minor,
            service_charge_minor=request.service_charge_minor,
        )
        return await usecases.compare_costs(self._db, self._peers, query)

    async def CloseBill(
        self, request: payments_api.CloseBillRequest, context: Context
    ) -> payments_api.CloseBillResponse:
        principal = current_principal()
        command = usecases.CloseBill(
            tenant=tenant_named(request.restaurant_id),
            key=key_of("CloseBill", request, principal),
            order_id=parse_id(request.order_id),
        )
        return await usecases.close_bill(self._db, command)

    async def GetTrialBalance(
        self, request: payments_api.GetTrialBalanceRequest, context: Context
    ) -> payments_api.GetTrialBalanceResponse:
        day = optional_day(request.business_date)
        return await usecases.get_trial_balance(self._db, current_principal().tenant, day)
