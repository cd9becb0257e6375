"""Platforms."""

from fynlo.auth.v1 import auth_pb2

from services.auth.domain.platform import Platform


def platform_message(platform: Platform) -> auth_pb2.Platform:
    """A platform by its id and name."""
    return auth_pb2.Platform(id=str(platform.id), name=platform.name)
