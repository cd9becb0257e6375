"""Who may do what: every role on every route, as the permission that the document names says."""

import pytest

from tests.e2e.conftest import Walk
from tests.e2e.walk.cases import request_for
from tests.e2e.walk.document import OPERATIONS, Operation
from tests.e2e.walk.walker import Sent

pytestmark = pytest.mark.asyncio(loop_scope="session")

# The matrix, written down a second time on purpose: a role that gains something by accident shows here.
EMPLOYEE = {
    "session.own",
    "menu.read",
    "stock.adjust",
    "orders.read",
    "orders.place",
    "orders.cancel",
    "kitchen.read",
    "kitchen.work",
    "payments.take",
    "payments.read",
    "till.operate",
    "staff.clock",
    "realtime.subscribe",
    "customers.read",
    "customers.edit",
}
MANAGER = EMPLOYEE | {
    "reports.read",
    "till.approve",
    "staff.read",
    "staff.manage",
    "menu.manage",
    "floor.manage",
    "discounts.manage",
    "members.invite",
    "customers.erase",
    "invoices.credit",
}
OWNER = MANAGER | {"members.manage", "settings.manage"}
ROLES = {
    "employee": EMPLOYEE,
    "manager": MANAGER,
    "restaurant_owner": OWNER,
    # A platform owner who has chosen no restaurant.
    "outside": {"session.own", "restaurants.manage", "platform.operate"},
}


async def test_every_permission_of_the_document_is_in_the_matrix() -> None:
    named = {operation.permission for operation in OPERATIONS} - {"public"}
    named |= {operation.approver for operation in OPERATIONS} - {""}
    assert named == set.union(*ROLES.values())


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
async def test_a_route_lets_in_exactly_whom_its_permission_names(walk: Walk, operation: Operation) -> None:
    if operation.public:
        sent = await request_for(operation, walk.shop, walk.people["employee"])
        answer = await walk.walker.call(operation, sent)
        assert answer.status_code == operation.success
        return
    refused = [role for role, permissions in ROLES.items() if operation.permission not in permissions]
    if refused:
        # What is refused has no effect, so one request serves all who are.
        sent = await request_for(operation, walk.shop, walk.actor(operation))
        sent = Sent(sent.ids, sent.body, sent.query, sent.headers)
        for role in refused:
            answer = await walk.walker.call(operation, sent, walk.people[role].access_token)
            assert (answer.status_code, answer.json()["code"]) == (403, "permission_missing"), role
        nobody = await walk.walker.call(operation, sent)
        assert (nobody.status_code, nobody.json()["code"]) == (401, "token_missing")
        forged = await walk.walker.call(operation, sent, walk.people["employee"].access_token[:-4] + "AAAA")
        assert (forged.status_code, forged.json()["code"]) == (401, "token_invalid")
    for role in ROLES.keys() - set(refused):
        sent = await request_for(operation, walk.shop, walk.people[role])
        answer = await walk.walker.call(operation, sent, sent.token or walk.people[role].access_token)
        assert answer.status_code == operation.success, f"{role}: {answer.text}"


async def test_a_refresh_token_is_no_access_token(walk: Walk) -> None:
    operation = next(operation for operation in OPERATIONS if operation.name == "GET /me")
    answer = await walk.walker.call(operation, Sent(), walk.people["employee"].refresh_token)
    assert (answer.status_code, answer.json()["code"]) == (401, "token_invalid")


async def test_only_those_with_staff_manage_clock_others(walk: Walk) -> None:
    operation = next(operation for operation in OPERATIONS if operation.name == "POST /timecards/clock-in")
    other = await walk.shop.employee()
    sent = Sent(body={"employee_id": other["id"]})
    refused = await walk.walker.call(operation, sent, walk.people["employee"].access_token)
    assert (refused.status_code, refused.json()["code"]) == (403, "permission_missing")
    allowed = await walk.walker.call(operation, sent, walk.people["manager"].access_token)
    assert allowed.status_code == operation.success
