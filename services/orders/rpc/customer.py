"""CustomersService."""

# ruff: noqa: N802 (the names of the contract)

from uuid import UUID

from fynlo.orders.v1 import customers_service_pb2 as customers_api
from fynlo.orders.v1.customers_service_pb2_grpc import CustomersServiceServicer

from chassis.db.commands import Answer
from chassis.rpc import current_principal
from chassis.rpc.cursors import BY_ID, page_of
from services.orders.domain.customer import Customer
from services.orders.rpc.asking import Context, command_of, with_order
from services.orders.usecases.customer import (
    erase_customer,
    get_customer,
    list_customers,
    save_customer,
    search_customers,
    set_order_customer,
)
from services.orders.usecases.ports import Dependencies
from services.orders.wire.customer import customer_message, wanted_customer


def _saved(customer: Customer) -> customers_api.SaveCustomerResponse:
    return customers_api.SaveCustomerResponse(customer=customer_message(customer))


def _erased(_: None) -> customers_api.EraseCustomerResponse:
    return customers_api.EraseCustomerResponse()


SAVED = Answer(customers_api.SaveCustomerResponse, _saved)
ERASED = Answer(customers_api.EraseCustomerResponse, _erased)
CUSTOMER_SET = with_order(customers_api.SetOrderCustomerResponse)


class CustomersRpc(CustomersServiceServicer):
    """Finding, keeping and erasing."""

    def __init__(self, deps: Dependencies) -> None:
        self._deps = deps

    async def ListCustomers(
        self, request: customers_api.ListCustomersRequest, context: Context
    ) -> customers_api.ListCustomersResponse:
        tenant, page = current_principal().tenant, page_of(request, BY_ID)
        if request.query:
            found = await search_customers(self._deps, tenant, request.query, page.size)
            return customers_api.ListCustomersResponse(customers=map(customer_message, found))
        listed = await list_customers(self._deps, tenant, page.after, page.one_more)
        shown, following = page.cut(listed, lambda customer: customer.id)
        return customers_api.ListCustomersResponse(
            customers=map(customer_message, shown), next_cursor=following
        )

    async def GetCustomer(
        self, request: customers_api.GetCustomerRequest, context: Context
    ) -> customers_api.GetCustomerResponse:
        customer = await get_customer(self._deps, current_principal().tenant, UUID(request.customer_id))
        return customers_api.GetCustomerResponse(customer=customer_message(customer))

    async def SaveCustomer(
        self, request: customers_api.SaveCustomerRequest, context: Context
    ) -> customers_api.SaveCustomerResponse:
        command, wanted = command_of("SaveCustomer", request), wanted_customer(request.customer)
        return await save_customer(self._deps, command, wanted, not request.customer.id, SAVED)

    async def EraseCustomer(
        self, request: customers_api.EraseCustomerRequest, context: Context
    ) -> customers_api.EraseCustomerResponse:
        command, customer_id = command_of("EraseCustomer", request), UUID(request.customer_id)
        return await erase_customer(self._deps, command, customer_id, ERASED)

    async def SetOrderCustomer(
        self, request: customers_api.SetOrderCustomerRequest, context: Context
    ) -> customers_api.SetOrderCustomerResponse:
        command, order_id = command_of("SetOrderCustomer", request), UUID(request.order_id)
        customer_id = UUID(request.customer_id) if request.customer_id else None
        return await set_order_customer(self._deps, command, order_id, customer_id, CUSTOMER_SET)
