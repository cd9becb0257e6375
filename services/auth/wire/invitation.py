"""Invitations."""

from fynlo.auth.v1 import auth_pb2
from fynlo.auth.v1 import auth_service_pb2 as auth_api
from fynlo.auth.v1 import people_service_pb2 as people_api

from chassis.instants import timestamp
from services.auth.domain.invitation import InvitationState, Invited, Preview
from services.auth.wire.role import ROLES

_STATES = {
    InvitationState.PENDING: auth_pb2.INVITATION_STATE_PENDING,
    InvitationState.ACCEPTED: auth_pb2.INVITATION_STATE_ACCEPTED,
    InvitationState.EXPIRED: auth_pb2.INVITATION_STATE_EXPIRED,
    InvitationState.REVOKED: auth_pb2.INVITATION_STATE_REVOKED,
}


def invitation_message(invited: Invited) -> auth_pb2.Invitation:
    """An invitation as it stood then; nothing in it is secret from the restaurant."""
    invitation = invited.invitation
    return auth_pb2.Invitation(
        id=str(invitation.id),
        email=invitation.email,
        name=invitation.name,
        role=ROLES[invitation.role],
        state=_STATES[invitation.state_at(invited.at)],
        created_at=timestamp(invitation.created_at),
        expires_at=timestamp(invitation.expires_at),
        invited_by=str(invitation.invited_by),
    )


def invited_owner_message(
    response: auth_api.CreateRestaurantResponse,
) -> auth_api.InvitedOwner:
    """The first owner of a new restaurant, as the request named them."""
    invited = response.HasField("invitation")
    return auth_api.InvitedOwner(
        id=response.owner.id,
        email=response.owner.email,
        name=response.owner.name,
        state=response.invitation.state if invited else auth_pb2.INVITATION_STATE_ACCEPTED,
        invitation_id=response.invitation.id,
    )


def preview_response(preview: Preview) -> people_api.PreviewInvitationResponse:
    """What the holder of a link is asked to accept."""
    invitation = preview.invitation
    return people_api.PreviewInvitationResponse(
        restaurant_name=preview.restaurant_name,
        role=ROLES[invitation.role],
        email=invitation.email,
        name=invitation.name,
        has_account=preview.has_account,
    )
