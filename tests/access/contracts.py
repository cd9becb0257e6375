"""The contracts, read for grids: which events there are, and which methods with which rule."""

import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import fynlo
from fynlo.common.v1 import options_pb2
from google.protobuf.descriptor import ServiceDescriptor


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may call a method."""

    public: bool
    service_only: bool
    permission: str
    callers: tuple[str, ...]


def modules(suffix: str) -> Iterator[ModuleType]:
    """The generated modules whose name ends so."""
    # A folder that is on the path twice is one folder.
    for root in sorted({Path(place).resolve() for place in fynlo.__path__}):
        for file in sorted(root.glob(f"**/*{suffix}.py")):
            yield importlib.import_module(".".join(("fynlo", *file.relative_to(root).with_suffix("").parts)))


def event_types() -> list[str]:
    """Full names of all events."""
    return [
        message.full_name
        for module in modules("events_pb2")
        for message in module.DESCRIPTOR.message_types_by_name.values()
    ]


def services() -> list[ServiceDescriptor]:
    """All gRPC services of the system."""
    return [
        service
        for module in modules("_service_pb2")
        for service in module.DESCRIPTOR.services_by_name.values()
    ]


def method_options() -> dict[str, Rule]:
    """/package.Service/Method -> its rule."""
    return {
        f"/{service.full_name}/{method.name}": _rule(method.GetOptions().Extensions)
        for service in services()
        for method in service.methods
    }


def _rule(options: Any) -> Rule:
    return Rule(
        options[options_pb2.public],
        options[options_pb2.service_only],
        options[options_pb2.permission],
        tuple(options[options_pb2.callers]),
    )
