"""One restaurant with its staff, as tests drive it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

from fynlo.catalog.v1 import catalog_pb2
from fynlo.orders.v1 import orders_pb2
from fynlo.orders.v1 import orders_service_pb2 as orders_api
from fynlo.payments.v1 import events_pb2 as payments_events
from fynlo.payments.v1 import payments_pb2
from fynlo.realtime.v1.channel_source_service_pb2 import GetSnapshotResponse

from chassis.auth import Revocations, TokenVerifier
from chassis.auth.trust import Trust
from chassis.clock import FakeClock
from chassis.db.idempotency import IdempotencyKey
from chassis.ids import new_id
from chassis.rpc import Call, inbound
from harness.rpc import PATIENT_SECONDS, TokenMint
from services.orders.domain.approval import UNAPPROVED, Authority
from services.orders.domain.order.axes import Kitchen, State
from services.orders.domain.order.order import Order, StateChange
from services.orders.domain.ticket import LineStep, TicketStep
from services.orders.rpc import order as rpc
from services.orders.rpc.asking import order_id_of
from services.orders.rpc.ticket import CHANGED, LINE_CHANGED
from services.orders.tests.builders import (
    MIA,
    draft,
    draft_line,
    item_message,
    menu_message,
    settings_message,
)
from services.orders.usecases import firing, payment
from services.orders.usecases import ticket as tickets
from services.orders.usecases.order import cancelling, lifecycle, placing
from services.orders.usecases.order import order as orders
from services.orders.usecases.ports import Command, Dependencies
from services.orders.usecases.snapshot import get_snapshot
from services.orders.wire.order import quote_message, wanted_order
from services.orders.wire.payment import captured_in
from services.orders.wire.snapshot import snapshot_message

PERMISSIONS = frozenset({"orders.place", "orders.cancel"})


class Answer(NamedTuple):
    """The order of a reply, and whether it is that of an earlier request."""

    order: orders_pb2.Order
    replayed: bool


@dataclass
class World:
    """The use cases of one restaurant. Its peers are stand-ins that a test may tell what to answer."""

    deps: Dependencies
    clock: FakeClock
    auth: Any
    catalog: Any
    payments: Any
    tenant: UUID
    mint: TokenMint
    burger: catalog_pb2.Item = field(default_factory=item_message)
    extra_items: list[catalog_pb2.Item] = field(default_factory=list)
    menu_version: int = 1

    def __post_init__(self) -> None:
        self.auth.settings.setdefault(self.tenant, settings_message(self.tenant))
        self.publish_menu()

    @property
    def trust(self) -> Trust:
        """Whom a service believes here."""
        return Trust(TokenVerifier(self.mint.fetch_keys, self.clock), Revocations(self.clock))

    def publish_menu(self) -> catalog_pb2.Menu:
        """Catalog has this menu now; orders has not heard of it."""
        menu = menu_message(self.tenant, self.burger, *self.extra_items, version=self.menu_version)
        self.catalog.menus[self.tenant] = menu
        return menu

    def another(self) -> "World":
        """A second restaurant on the same service."""
        return World(self.deps, self.clock, self.auth, self.catalog, self.payments, new_id(), self.mint)

    def ask(self, key: str = "", body: bytes = b"same") -> Command:
        """A request of Mia's, with a fresh key unless given."""
        key = key or str(new_id())
        return Command(self.tenant, IdempotencyKey("test", key, body), MIA)

    @contextmanager
    def calling(self) -> Iterator[Call]:
        """Calls to peers inside are forwarded for Mia, with her token."""
        mia = self.mint.principal(
            permissions=PERMISSIONS, restaurant_id=self.tenant, subject=MIA.user_id, name=MIA.name
        )
        with inbound(budget_seconds=PATIENT_SECONDS, token=self.mint.token(mia)) as call:
            yield call

    async def place(
        self,
        wanted: orders_api.OrderDraft | None = None,
        key: str = "",
        authority: Authority = UNAPPROVED,
        **overrides: Any,
    ) -> orders_pb2.Order:
        """An order of one burger unless told otherwise."""
        return (await self.place_answer(wanted, key, authority, **overrides)).order

    async def place_answer(
        self,
        wanted: orders_api.OrderDraft | None = None,
        key: str = "",
        authority: Authority = UNAPPROVED,
        **overrides: Any,
    ) -> Answer:
        """As place, with whether it was replayed."""
        wanted = wanted if wanted is not None else draft(draft_line(self.burger), **overrides)
        body = wanted.SerializeToString(deterministic=True)
        with self.calling() as call:
            command = self.ask(key, body)
            reply = await placing.place_order(
                self.deps, command, wanted_order(wanted, order_id_of(command)), rpc.PLACED, authority
            )
        return Answer(reply.order, call.replayed)

    async def place_pay_first(self, **overrides: Any) -> orders_pb2.Order:
        """An order that is paid before it is cooked."""
        return await self.place(service_flow=orders_pb2.SERVICE_FLOW_PAY_FIRST, **overrides)

    async def order(self, order_id: str) -> Order:
        """As stored."""
        return await orders.get_order(self.deps, self.tenant, UUID(order_id))

    async def history(self, order_id: str) -> list[StateChange]:
        """How the order came to its state."""
        return list(await orders.get_history(self.deps, self.tenant, UUID(order_id)))

    async def snapshot(self, channel: str) -> GetSnapshotResponse:
        """What a device that has nothing yet is told."""
        return snapshot_message(await get_snapshot(self.deps, self.tenant, channel))

    async def quote(self, wanted: orders_api.OrderDraft) -> orders_pb2.Order:
        """The bill of a basket."""
        with self.calling():
            quoted = await placing.quote_order(self.deps, self.tenant, wanted_order(wanted, new_id()))
        return quote_message(quoted)

    async def tickets(self, order_id: str) -> list[Any]:
        """Every ticket of an order."""
        found, _ = await tickets.list_tickets(self.deps, self.tenant, list(Kitchen), None, None, 200)
        return [ticket for ticket in found if str(ticket.order_id) == order_id]

    async def step(self, ticket_id: UUID, step: TicketStep, key: str = "") -> orders_pb2.Ticket:
        """A cook moves a ticket."""
        return (await tickets.change_ticket(self.deps, self.ask(key), ticket_id, step, CHANGED)).ticket

    async def step_line(self, ticket_id: UUID, line_id: UUID, step: LineStep) -> orders_pb2.Ticket:
        """A cook moves a line."""
        answer = await tickets.change_ticket_line(
            self.deps, self.ask(), ticket_id, line_id, step, LINE_CHANGED
        )
        return answer.ticket

    async def cook(self, order_id: str, *steps: TicketStep) -> None:
        """Moves every ticket of the order through the steps."""
        for step in steps:
            for ticket in await self.tickets(order_id):
                await self.step(ticket.id, step)

    def payment(self, order_id: str, amount_minor: int, sequence: int = 1) -> payments_events.PaymentCaptured:
        """What payments announces when cash was taken."""
        paid = payments_pb2.Payment(
            id=str(new_id()),
            restaurant_id=str(self.tenant),
            order_id=order_id,
            method=payments_pb2.PAYMENT_METHOD_CASH,
            status=payments_pb2.PAYMENT_STATUS_CAPTURED,
            currency_code="GBP",
            amount_minor=amount_minor,
        )
        return payments_events.PaymentCaptured(payment=paid, paid_minor=amount_minor, sequence=sequence)

    async def record(self, event: payments_events.PaymentCaptured) -> bool:
        """The consumer's handler, in its transaction."""
        async with self.deps.db.transaction(self.tenant) as tx:
            return await payment.record_payment(tx, self.clock, captured_in(event))

    async def pay(self, order: orders_pb2.Order, amount_minor: int | None = None) -> None:
        """Cash for the whole order unless told otherwise."""
        amount = order.totals.total_minor if amount_minor is None else amount_minor
        await self.record(self.payment(order.id, amount))

    async def fire(
        self, order_id: str, lines: list[UUID] | None = None, course: str = "", pay_later: bool = False
    ) -> orders_pb2.Order:
        """Held lines to the kitchen."""
        answer = await firing.fire_order(
            self.deps,
            self.ask(),
            UUID(order_id),
            lines or [],
            course,
            rpc.FIRED,
            pay_later,
        )
        return answer.order

    async def complete(self, order_id: str) -> orders_pb2.Order:
        """Paid and handed over."""
        answer = await lifecycle.complete_order(self.deps, self.ask(), UUID(order_id), rpc.COMPLETED)
        return answer.order

    async def cancel(
        self, order_id: str, reason: str = "guest left", key: str = "", body: bytes = b"same"
    ) -> orders_pb2.Order:
        """Closes the bill and cancels."""
        with self.calling():
            answer = await cancelling.cancel_order(
                self.deps, self.ask(key, body), UUID(order_id), reason, rpc.CANCELLED
            )
        return answer.order

    async def validate(self, order_id: str, key: str = "", body: bytes = b"same") -> orders_pb2.Order:
        """A draft becomes an order."""
        with self.calling():
            answer = await placing.validate_order(
                self.deps, self.ask(key, body), UUID(order_id), rpc.VALIDATED
            )
        return answer.order

    async def set_status(self, order_id: str, status: State, reason: str = "") -> orders_pb2.Order:
        """Moves the order to a derived state."""
        with self.calling():
            answer = await lifecycle.set_order_status(
                self.deps, self.ask(), UUID(order_id), status, reason, rpc.STATUS_SET
            )
        return answer.order
