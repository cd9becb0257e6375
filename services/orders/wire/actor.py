"""Who did something."""

from fynlo.common.v1 import common_pb2

from services.orders.domain.actor import Actor


def actor_message(actor: Actor) -> common_pb2.Actor:
    """Who did it."""
    return common_pb2.Actor(user_id=actor.user_id, name=actor.name, device_id=actor.device_id)


def actor_of(message: common_pb2.Actor) -> Actor:
    """The way back."""
    return Actor(message.user_id, message.name, message.device_id)
