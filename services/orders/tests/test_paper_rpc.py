"""Customers and documents behind a real server: permissions, limits of fields, tenants."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from fynlo.orders.v1 import customers_pb2, documents_pb2
from fynlo.orders.v1 import customers_service_pb2 as customers_api
from fynlo.orders.v1 import documents_service_pb2 as documents_api
from fynlo.orders.v1.customers_service_pb2_grpc import (
    CustomersServiceStub,
    add_CustomersServiceServicer_to_server,
)
from fynlo.orders.v1.documents_service_pb2_grpc import (
    DocumentsServiceStub,
    add_DocumentsServiceServicer_to_server,
)

from chassis.errors import InvalidArgument, NotFound, PermissionDenied, Stale, Unprocessable
from chassis.ids import new_id
from harness.rpc import Peer, serving
from services.orders.rpc.customer import CustomersRpc
from services.orders.rpc.documents import DocumentsRpc
from services.orders.tests.test_customers import ADA, add
from services.orders.tests.test_invoices import done, invoice
from services.orders.tests.world import World

if TYPE_CHECKING:  # these classes exist in the type stubs only
    from fynlo.orders.v1.customers_service_pb2_grpc import CustomersServiceAsyncStub
    from fynlo.orders.v1.documents_service_pb2_grpc import DocumentsServiceAsyncStub

CUSTOMERS = {
    "ListCustomers": "customers.read",
    "GetCustomer": "customers.read",
    "SaveCustomer": "customers.edit",
    "EraseCustomer": "customers.erase",
    "SetOrderCustomer": "orders.place",
}
DOCUMENTS = {
    "GetReceipt": "orders.read",
    "CreateInvoice": "orders.place",
    "ListInvoices": "customers.read",
    "GetInvoice": "customers.read",
    "GetInvoiceDocument": "customers.read",
    "CreateCreditNote": "invoices.credit",
}
EVERYTHING = {*CUSTOMERS.values(), *DOCUMENTS.values()}


@dataclass
class Wire:
    """Somebody of the restaurant calls both services."""

    world: World
    customers: CustomersServiceAsyncStub
    documents: DocumentsServiceAsyncStub
    peers: tuple[Peer, Peer]

    def somebody(self, stub: Any, *permissions: str, of: World | None = None) -> Any:
        peer = self.peers[0] if stub is self.customers else self.peers[1]
        return peer.as_user(permissions, restaurant_id=(of or self.world).tenant)


@pytest.fixture
async def wire(world: World) -> AsyncIterator[Wire]:
    deps, clock = world.deps, world.clock
    async with (
        serving(
            add_CustomersServiceServicer_to_server, CustomersRpc(deps), clock=clock, caller="gateway"
        ) as first,
        serving(
            add_DocumentsServiceServicer_to_server, DocumentsRpc(deps), clock=clock, caller="gateway"
        ) as second,
    ):
        stubs = CustomersServiceStub(first.channel), DocumentsServiceStub(second.channel)
        yield Wire(world, *stubs, (first, second))


async def requests(world: World) -> dict[str, Any]:
    """One that succeeds of each method."""
    ada, order = await add(world, **ADA), await world.place()
    made = await invoice(world, await done(world))
    key: dict[str, Any] = {"request_id": str(new_id())}
    line = documents_api.CreditLine(line_id=made.lines[0].line_id, quantity=1)
    return {
        "ListCustomers": customers_api.ListCustomersRequest(query="ada"),
        "GetCustomer": customers_api.GetCustomerRequest(customer_id=ada.id),
        "SaveCustomer": customers_api.SaveCustomerRequest(**key, customer=customers_pb2.Customer(**ADA)),
        "SetOrderCustomer": customers_api.SetOrderCustomerRequest(
            **key, order_id=order.id, customer_id=ada.id
        ),
        "EraseCustomer": customers_api.EraseCustomerRequest(**key, customer_id=ada.id),
        "GetReceipt": documents_api.GetReceiptRequest(**key, order_id=order.id),
        "CreateInvoice": documents_api.CreateInvoiceRequest(
            **key,
            order_id=(await done(world)).id,
            customer=documents_pb2.Party(name="Ltd", address="4 Mill Lane"),
        ),
        "ListInvoices": documents_api.ListInvoicesRequest(order_id=made.order_id),
        "GetInvoice": documents_api.GetInvoiceRequest(invoice_id=made.id),
        "GetInvoiceDocument": documents_api.GetInvoiceDocumentRequest(invoice_id=made.id, format="text"),
        "CreateCreditNote": documents_api.CreateCreditNoteRequest(
            **key, invoice_id=made.id, lines=[line], reason="cold"
        ),
    }


async def test_each_method_asks_for_its_own_permission(wire: Wire) -> None:
    services = (
        ("CustomersService", customers_api, CUSTOMERS),
        ("DocumentsService", documents_api, DOCUMENTS),
    )
    for name, api, permissions in services:
        assert {method.name for method in api.DESCRIPTOR.services_by_name[name].methods} == set(permissions)
    wanted = await requests(wire.world)
    for stub, permissions in ((wire.customers, CUSTOMERS), (wire.documents, DOCUMENTS)):
        for method, permission in permissions.items():
            others = EVERYTHING - {permission}
            with wire.somebody(stub, *others), pytest.raises(PermissionDenied):
                await getattr(stub, method)(wanted[method])
        for method in [one for one in wanted if one in permissions]:
            with wire.somebody(stub, permissions[method]):
                await getattr(stub, method)(wanted[method])


async def test_a_receipt_comes_in_the_form_that_was_asked_for(wire: Wire) -> None:
    order = await wire.world.place()
    told = {}
    for form, width in (("", 0), ("html", 42), ("text", 32), ("escpos", 48)):
        asked = documents_api.GetReceiptRequest(
            request_id=str(new_id()), order_id=order.id, format=form, width=width, preview=True
        )
        with wire.somebody(wire.documents, "orders.read"):
            told[form] = await wire.documents.GetReceipt(asked)
    assert told[""].content == told["html"].content
    assert told["html"].media_type == "text/html; charset=utf-8"
    assert max(len(line) for line in told["text"].content.decode().splitlines()) == 32
    assert told["escpos"].file_name.endswith(f"-{order.number}.bin")


@pytest.mark.parametrize("changes", [{"format": "pdf"}, {"width": 31}, {"width": 65}, {"order_id": "1"}])
async def test_what_a_receipt_may_be_asked_for_has_limits(wire: Wire, changes: dict[str, Any]) -> None:
    known: dict[str, Any] = {"request_id": "r", "order_id": str(new_id())}
    with wire.somebody(wire.documents, "orders.read"), pytest.raises(InvalidArgument):
        await wire.documents.GetReceipt(documents_api.GetReceiptRequest(**(known | changes)))


async def test_a_check_that_an_order_does_not_have_is_refused_by_name(wire: Wire) -> None:
    order = await wire.world.place()
    asked = documents_api.GetReceiptRequest(request_id="r", order_id=order.id, check_id=str(new_id()))
    with wire.somebody(wire.documents, "orders.read"), pytest.raises(Unprocessable) as refused:
        await wire.documents.GetReceipt(asked)
    assert (refused.value.reason, refused.value.fields[0].field) == ("UNKNOWN_CHECK", "check_id")


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "x" * 121},
        {"email": "nobody"},
        {"vat_number": "12"},
        {"vat_number": "gb123"},
        {"address": "x" * 301},
        {"notes": "x" * 1001},
        {"phone": "1" * 41},
    ],
)
async def test_what_is_known_of_a_customer_has_limits(wire: Wire, changes: dict[str, Any]) -> None:
    customer = customers_pb2.Customer(**({"name": "Ada"} | changes))
    asked = customers_api.SaveCustomerRequest(request_id="r", customer=customer)
    with wire.somebody(wire.customers, "customers.edit"), pytest.raises(InvalidArgument):
        await wire.customers.SaveCustomer(asked)


async def test_customers_are_listed_in_pages_and_changed_by_who_saw_them_last(wire: Wire) -> None:
    made = [await add(wire.world, name=f"Guest {number}") for number in range(3)]
    request = customers_api.ListCustomersRequest()
    request.page.limit = 2
    with wire.somebody(wire.customers, "customers.read", "customers.edit"):
        first = await wire.customers.ListCustomers(request)
        request.page.cursor = first.next_cursor
        rest = await wire.customers.ListCustomers(request)
        assert [one.id for one in (*first.customers, *rest.customers)] == [one.id for one in made]
        assert rest.next_cursor == ""
        changed = made[0]
        changed.notes = "tall"
        for expected in (2, None):
            asked = customers_api.SaveCustomerRequest(request_id=str(new_id()), customer=changed)
            if expected is None:
                with pytest.raises(Stale):
                    await wire.customers.SaveCustomer(asked)
            else:
                assert (await wire.customers.SaveCustomer(asked)).customer.version == expected


async def test_papers_and_customers_of_another_restaurant_are_not_there(wire: Wire) -> None:
    wanted, other = await requests(wire.world), wire.world.another()
    for stub, permissions in ((wire.customers, CUSTOMERS), (wire.documents, DOCUMENTS)):
        for method, permission in permissions.items():
            if method in {"ListCustomers", "ListInvoices", "SaveCustomer"}:
                continue
            with wire.somebody(stub, permission, of=other), pytest.raises(NotFound):
                await getattr(stub, method)(wanted[method])
