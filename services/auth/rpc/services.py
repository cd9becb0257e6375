"""The two services of the contract, put together of their nouns."""

from services.auth.rpc.invitations import InvitationsRpc
from services.auth.rpc.mail import MailRpc
from services.auth.rpc.members import MembersRpc, RolesRpc
from services.auth.rpc.passwords import PasswordsRpc
from services.auth.rpc.refusals import RefusalsRpc
from services.auth.rpc.restaurant import RestaurantRpc
from services.auth.rpc.sessions import SessionsRpc


class AuthRpc(SessionsRpc, RestaurantRpc, MembersRpc, RefusalsRpc):
    """fynlo.auth.v1.AuthService."""


class PeopleRpc(InvitationsRpc, RolesRpc, PasswordsRpc, MailRpc):
    """fynlo.auth.v1.PeopleService."""
