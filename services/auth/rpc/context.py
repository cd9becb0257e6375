"""What each part of the face works with."""

from fynlo.auth.v1 import auth_service_pb2_grpc as auth_grpc
from fynlo.auth.v1 import people_service_pb2_grpc as people_grpc

from services.auth.usecases.context import Context


class PartOfAuth(auth_grpc.AuthServiceServicer):
    """Some methods of AuthService."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx


class PartOfPeople(people_grpc.PeopleServiceServicer):
    """Some methods of PeopleService."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
