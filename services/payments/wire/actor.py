"""Who did something."""

from fynlo.common.v1 import common_pb2

from services.payments.domain.actor import Actor


def actor(of: Actor) -> common_pb2.Actor:
    """Who did it."""
    return common_pb2.Actor(user_id=str(of.user_id), name=of.name, device_id=of.device_id)


def optional_actor(of: Actor | None) -> common_pb2.Actor | None:
    """Who did it; None where nobody had to."""
    return None if of is None else actor(of)
