"""A second person's approval whose session has ended does not reach a service."""

from datetime import timedelta
from types import SimpleNamespace
from typing import cast

import pytest
from fynlo.common.v1.common_pb2 import Approval
from fynlo.orders.v1 import orders_service_pb2 as orders_api

from chassis.auth import Revocations, TokenVerifier
from chassis.auth.revocations import Revocation, RevokedKind
from chassis.clock import FakeClock
from gateway.approvals import forget_ended
from gateway.calls import Call
from harness.rpc import TokenMint


@pytest.mark.parametrize("has_ended", [False, True])
async def test_an_order_loses_the_approval_of_a_session_that_has_ended(
    fake_clock: FakeClock, has_ended: bool
) -> None:
    mint, revocations = TokenMint(fake_clock), Revocations(fake_clock)
    gateway = SimpleNamespace(verifier=TokenVerifier(mint.fetch_keys, fake_clock), revocations=revocations)
    manager = mint.principal(permissions=frozenset({"till.approve"}))
    token = mint.token(manager)
    if has_ended:
        revocations.apply(
            Revocation(RevokedKind.SESSION, str(manager.session_id), fake_clock.now() + timedelta(seconds=1))
        )
    message = orders_api.PlaceOrderRequest(order=orders_api.OrderDraft(approval=Approval(token=token)))
    await forget_ended(cast(Call, SimpleNamespace(gateway=gateway)), message)
    assert message.order.approval.token == ("" if has_ended else token)


async def test_an_order_without_an_approval_goes_on_as_it_is() -> None:
    message = orders_api.PlaceOrderRequest(order=orders_api.OrderDraft(covers=2))
    await forget_ended(cast(Call, None), message)
    assert message.order.covers == 2
