"""A noun of a service is found under one name in every layer: what a layer speaks of, the domain knows."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.tidy.rules import SERVICES
from tests.tidy.source import REPOSITORY

LAYERS = {
    "usecases": {"ports", "context", "copies", "housekeeping"},
    "store": {"columns", "paper_tables", "tables"},
    "wire": {"enums", "events"},
    "rpc": {
        "asking",
        "callers",
        "channels",
        "context",
        "deeds",
        "documents",
        "fields",
        "floor",
        "kitchen",
        "part",
        "printing",
        "service",
        "services",
    },
}
"""What a layer has beside its nouns: what it works with, and services of the contract put together."""
PARTS = {"orders": {"store/history"}}
"""Tables that are a part of a noun and rows of their own."""


def nouns(domain: Path) -> set[str]:
    """Modules of the domain, also of those that are packages because there is much to say of the noun."""
    return {path.stem for path in domain.rglob("*.py")} | {path.parent.name for path in domain.rglob("*.py")}


def rooms(layer: Path) -> set[str]:
    """Modules and packages of a layer."""
    return {path.stem for path in layer.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}


def strangers(known: Iterable[str], layers: dict[str, set[str]]) -> set[str]:
    """``layer/room`` of which the domain knows nothing."""
    own = {*known, "__init__"}
    return {f"{layer}/{room}" for layer, found in layers.items() for room in found - own - LAYERS[layer]}


@pytest.mark.parametrize("service", [name for name in SERVICES if name != "realtime"])
def test_what_a_layer_speaks_of_the_domain_knows(service: str) -> None:
    folder = REPOSITORY / "services" / service
    layers = {layer: rooms(folder / layer) for layer in LAYERS}
    assert strangers(nouns(folder / "domain"), layers) == PARTS.get(service, set())


def test_a_noun_by_another_name_is_found() -> None:
    layers = {
        "usecases": {"till", "ports"},
        "store": {"till", "tables"},
        "wire": {"drawer"},
        "rpc": {"enums"},
    }
    assert strangers({"till"}, layers) == {"wire/drawer", "rpc/enums"}
