"""People."""

from fynlo.auth.v1 import auth_pb2

from services.auth.domain.account import User


def user_message(user: User) -> auth_pb2.User:
    """A person without anything secret."""
    return auth_pb2.User(id=str(user.id), email=user.email, name=user.name, disabled=user.disabled)
