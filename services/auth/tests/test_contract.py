"""The published examples of auth's events are what auth writes."""

from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from fynlo.auth.v1.events_pb2 import MemberChanged, RestaurantUpdated, SessionsRevoked
from google.protobuf import json_format
from google.protobuf.message import Message

from services.auth.domain.member import Membership
from services.auth.domain.restaurant import BillMode, Settings
from services.auth.domain.role import Role
from services.auth.domain.session import Revocation, RevocationKind
from services.auth.wire.member import member_changed, membership_message
from services.auth.wire.restaurant import restaurant_updated
from services.auth.wire.role import role_of
from services.auth.wire.session import sessions_revoked

EXAMPLES = Path(__file__).parents[3] / "protos" / "examples"
CASA = UUID("0195f3a0-0000-7000-8000-000000000001")
PLATFORM = UUID("0195f3a0-0000-7000-8000-000000000002")
MIA = UUID("0195f3a0-0000-7000-8000-000000000003")
SESSION = UUID("0195f3a0-0000-7000-8000-000000000004")


def events() -> dict[str, Message]:
    """What auth writes for the facts of the examples."""
    settings = Settings(
        restaurant_id=CASA,
        platform_id=PLATFORM,
        version=3,
        name="Casa Demo",
        currency_code="GBP",
        time_zone="Europe/London",
        bill_mode=BillMode.INCLUSIVE_OPTIONAL,
        service_charge_bp=1250,
        day_cutoff_minutes=240,
        fee_preset="listed",
        auto_complete=True,
        address="12 Camden High Street\nLondon NW1 0JH",
        vat_number="GB123456789",
    )
    mia = Membership(MIA, CASA, "Casa Demo", Role.MANAGER, "mia@example.test", "Mia")
    at = datetime(2026, 3, 2, 12, 0, 0, 250_000, tzinfo=UTC)
    return {
        "RestaurantUpdated": restaurant_updated(settings),
        "MemberChanged": member_changed(mia),
        "SessionsRevoked": sessions_revoked(Revocation(RevocationKind.SESSION, SESSION, at, "log_out")),
    }


@pytest.mark.parametrize("kind", [RestaurantUpdated, MemberChanged, SessionsRevoked])
def test_the_example_is_what_auth_publishes(kind: type[Message]) -> None:
    name = kind.DESCRIPTOR.name
    text = (EXAMPLES / f"{name}.json").read_text(encoding="utf-8")
    assert json_format.Parse(text, kind()) == events()[name]


@pytest.mark.parametrize("role", Role)
def test_every_role_survives_the_wire(role: Role) -> None:
    membership = Membership(MIA, CASA, "Casa", role, "mia@example.test", "Mia")
    assert role_of(membership_message(membership).role) is role
