"""The people of a restaurant."""

from fynlo.auth.v1 import auth_pb2
from fynlo.auth.v1 import events_pb2 as auth_events

from services.auth.domain.invitation import Invitation
from services.auth.domain.member import Membership
from services.auth.wire.role import ROLES


def membership_message(membership: Membership) -> auth_pb2.Membership:
    """A person in a restaurant."""
    return auth_pb2.Membership(
        user_id=str(membership.user_id),
        restaurant_id=str(membership.restaurant_id),
        restaurant_name=membership.restaurant_name,
        role=ROLES[membership.role],
        email=membership.email,
        name=membership.name,
        state=auth_pb2.MEMBERSHIP_STATE_ACTIVE,
    )


def own_restaurant_message(membership: Membership) -> auth_pb2.OwnRestaurant:
    """A restaurant of the caller."""
    return auth_pb2.OwnRestaurant(
        id=str(membership.restaurant_id), name=membership.restaurant_name, role=ROLES[membership.role]
    )


def member_message(person: Membership | Invitation) -> auth_pb2.Membership:
    """A person of a restaurant: in it, or invited."""
    if isinstance(person, Membership):
        return membership_message(person)
    return auth_pb2.Membership(
        restaurant_id=str(person.restaurant_id),
        role=ROLES[person.role],
        email=person.email,
        name=person.name,
        state=auth_pb2.MEMBERSHIP_STATE_PENDING,
        invitation_id=str(person.id),
    )


def member_changed(membership: Membership, *, removed: bool = False) -> auth_events.MemberChanged:
    """Joined, changed role, or left."""
    return auth_events.MemberChanged(membership=membership_message(membership), removed=removed)
