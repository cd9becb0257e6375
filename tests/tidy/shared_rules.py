"""What the chassis says once, nobody says again. Each rule takes one file and yields what breaks it."""

import ast
import re
from collections.abc import Iterator

from tests.tidy.rules import Rule, dotted
from tests.tidy.source import Finding, Source

SKELETON = re.compile(
    r"\b(OutboxRelay|RpcServer|TokenVerifier|Database\.connect|Consumer|Service|follow|write_refusals)$"
)
CONNECTIONS = re.compile(r"\b(bus_of|open_nats|open_channel|channel_credentials|ServiceIdentity(\.of)?)$")
"""The gateway, which serves HTTP, opens these as the services do."""


COMMANDS = {"services/catalog/ledger.py": "an operator's command beside the service, which it does not start"}


def skeleton(source: Source) -> Iterator[Finding]:
    """What every service consists of is put together in chassis.process.composition."""
    if source.is_test or not source.path.startswith(("services/", "gateway/")):
        return
    for call in _calls(source):
        name = dotted(call.func)
        made = source.path.startswith("services/") and SKELETON.search(name)
        if name == "Database.connect" and source.path in COMMANDS:
            continue
        if made or CONNECTIONS.search(name):
            yield Finding(source.path, call.lineno, f"{name}(): chassis.process.composition does that")


ABOUT_ANOTHER = {
    "services/auth/rpc/services.py": "refusals may be those of no restaurant",
    "services/auth/rpc/session.py": "who switches names the restaurant to go to",
}


def named_restaurants(source: Source) -> Iterator[Finding]:
    """A request's restaurant is the caller's own, as chassis.rpc.tenant_named says."""
    if source.is_test or not source.path.startswith("services/") or source.path in ABOUT_ANOTHER:
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ImportFrom) and "PrincipalKind" in {alias.name for alias in node.names}:
            yield Finding(source.path, node.lineno, "tells people from services: chassis.rpc does that")
    for call in _calls(source):
        asked = [argument for argument in call.args if dotted(argument) == "request.restaurant_id"]
        if asked and dotted(call.func) != "tenant_named":
            yield Finding(source.path, call.lineno, f"{dotted(call.func)}(): use chassis.rpc.tenant_named")


def pages(source: Source) -> Iterator[Finding]:
    """A page is read, and its cursor written, by chassis.rpc.cursors: one codec, bound to its list."""
    if source.is_test or not source.path.startswith("services/"):
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Attribute) and dotted(node) in ("request.page", "request.cursor"):
            yield Finding(source.path, node.lineno, f"{dotted(node)}: chassis.rpc.cursors.page_of reads it")
        if isinstance(node, ast.Constant) and node.value == "INVALID_CURSOR":
            yield Finding(source.path, node.lineno, "INVALID_CURSOR: chassis.rpc.cursors refuses so")


def instants(source: Source) -> Iterator[Finding]:
    """Datetimes and Timestamps become each other in chassis.instants alone."""
    if source.is_test or source.path == "chassis/instants.py":
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Attribute) and node.attr in ("FromDatetime", "ToDatetime"):
            yield Finding(source.path, node.lineno, f"{node.attr}: chassis.instants does that")


def contract_names(source: Source) -> Iterator[Finding]:
    """A module that is made of the contract has one name wherever it is read."""
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.ImportFrom) or not (node.module or "").startswith(
            ("fynlo.", "fynlo_json")
        ):
            continue
        for one in node.names:
            name = _contract_name(str(node.module), one.name)
            if name is not None and (one.asname or one.name) != name:
                yield Finding(source.path, node.lineno, f"{node.module}.{one.name} is called {name}")


def _contract_name(package: str, module: str) -> str | None:
    """None for what is no module: a message or a stub."""
    if package == "fynlo_json":
        return f"{module}_json"
    if module == "events_pb2":
        return f"{package.split('.')[1]}_events"
    for ending, name in (("_service_pb2", "_api"), ("_service_pb2_grpc", "_grpc")):
        if module.endswith(ending):
            return module.removesuffix(ending) + name
    return module if module.endswith("_pb2") else None


def _calls(source: Source) -> Iterator[ast.Call]:
    return (node for node in ast.walk(source.tree) if isinstance(node, ast.Call))


SHARED_RULES: tuple[Rule, ...] = (skeleton, named_restaurants, pages, instants, contract_names)
