"""The style, rule by rule. Each rule takes one file and yields what breaks it."""

import ast
import re
from collections.abc import Callable, Iterator

from chassis.messaging.channels import CHANNELS
from tests.tidy.source import Finding, Source

Rule = Callable[[Source], Iterator[Finding]]

FUNCTION_LINES = 70
FILE_LINES = 400
TEST_FILE_LINES = 800
VAGUE_NAMES = frozenset({"utils", "util", "common", "helpers", "helper", "constants", "misc"})
SERVICES = ("auth", "catalog", "orders", "payments", "staff", "realtime")


def sizes(source: Source) -> Iterator[Finding]:
    """A function fits on a screen, a file in a head."""
    lines = len(source.text.splitlines())
    limit = TEST_FILE_LINES if source.is_test else FILE_LINES
    if lines > limit:
        yield Finding(source.path, lines, f"{lines} lines, {limit} are allowed")
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > FUNCTION_LINES:
                yield Finding(
                    source.path, node.lineno, f"{node.name} has {length} lines, {FUNCTION_LINES} are allowed"
                )


def names(source: Source) -> Iterator[Finding]:
    """A module says what it is about."""
    for part in source.path.removesuffix(".py").split("/"):
        if part in VAGUE_NAMES:
            yield Finding(source.path, 1, f"the name {part} says nothing")


def services_apart(source: Source) -> Iterator[Finding]:
    """A service knows others by contract only, also in a string given to import_module."""
    parts = source.path.split("/")
    if parts[0] != "services" or len(parts) < 3:
        return
    others = [service for service in SERVICES if service != parts[1]]
    foreign = re.compile(rf"services\.({'|'.join(others)})\b")
    for node in ast.walk(source.tree):
        named = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            named = [f"{node.module}.{alias.name}" for alias in node.names]
        if isinstance(node, ast.Call) and dotted(node.func).endswith("import_module"):
            named = [
                arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)
            ]
        for name in named:
            if foreign.match(name):
                yield Finding(source.path, _line(node), f"imports {name} of another service")


def commits(source: Source) -> Iterator[Finding]:
    """Only the chassis begins and ends transactions; migrations are run by it too."""
    if source.path.startswith("chassis/") or source.is_test:
        return
    statement = re.compile(r"^\s*(BEGIN|COMMIT|ROLLBACK|START TRANSACTION|SAVEPOINT)\b", re.IGNORECASE)
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        # With arguments it is a verb of the trade: goods that were held are committed.
        if node.func.attr in ("commit", "rollback") and not node.args:
            yield Finding(source.path, node.lineno, f"{node.func.attr}() outside the chassis")
        first = node.args[0] if node.args else None
        sends = node.func.attr in ("execute", "fetch", "fetchrow", "fetchval")
        if sends and isinstance(first, ast.Constant) and statement.match(str(first.value)):
            yield Finding(source.path, node.lineno, "transaction statement outside the chassis")


CLAIMS_KEYS = "chassis/db/commands.py"


def claims(source: Source) -> Iterator[Finding]:
    """One place claims idempotency keys and remembers answers: a command is run by its ``execute``."""
    chassis_test = source.is_test and source.path.startswith("chassis/")
    if source.path in (CLAIMS_KEYS, "chassis/db/transactions.py") or chassis_test:
        return
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.Call):
            continue
        if isinstance(node.func, ast.Attribute) and node.func.attr in ("claim", "peek", "remember"):
            yield Finding(source.path, node.lineno, f"{node.func.attr}() outside {CLAIMS_KEYS}")
        if any(keyword.arg == "claiming" for keyword in node.keywords):
            yield Finding(source.path, node.lineno, f"claims a key outside {CLAIMS_KEYS}")


def mocks(source: Source) -> Iterator[Finding]:
    """Ports have simulators; nothing is patched."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("unittest.mock"):
            yield Finding(source.path, node.lineno, "imports unittest.mock")
        if isinstance(node, ast.Import) and any(
            alias.name.startswith("unittest.mock") for alias in node.names
        ):
            yield Finding(source.path, node.lineno, "imports unittest.mock")
        if isinstance(node, ast.Attribute) and dotted(node) in (
            "mock.patch",
            "monkeypatch.setattr",
            "mocker.patch",
        ):
            yield Finding(source.path, node.lineno, f"{dotted(node)}: give the code a port instead")


def lost_cancellations(source: Source) -> Iterator[Finding]:
    """In Python 3.11 wait_for takes the answer and forgets a cancellation that comes with it: whoever was to
    end goes on.
    """
    for node in ast.walk(source.tree):
        if not source.is_test and isinstance(node, ast.Attribute) and dotted(node) == "asyncio.wait_for":
            yield Finding(source.path, node.lineno, "asyncio.wait_for: use asyncio.timeout")


def environment(source: Source) -> Iterator[Finding]:
    """Settings modules read the environment; everything else is told."""
    if source.path.endswith("/settings.py") or source.is_test:
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Attribute) and dotted(node) in ("os.environ", "os.getenv", "os.putenv"):
            yield Finding(source.path, node.lineno, f"{dotted(node)} outside a settings module")
        imported = [alias.name for alias in node.names] if isinstance(node, ast.ImportFrom) else []
        if isinstance(node, ast.ImportFrom) and node.module == "os" and {"environ", "getenv"} & {*imported}:
            yield Finding(source.path, node.lineno, "os.environ outside a settings module")


WALL_CLOCK_READERS = {
    "chassis/clock.py": "it is the clock",
    "chassis/ids.py": "a UUIDv7 holds the wall time, and its order guards itself against steps of it",
    "gateway/limits.py": "every gateway reckons rate limits on one shared time base",
}


def clock(source: Source) -> Iterator[Finding]:
    """Time comes from a Clock, so that a test can say what time it is."""
    if source.path in WALL_CLOCK_READERS or source.is_test or source.path.startswith(("tools/", "bench/")):
        return
    wall = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "time.time_ns"}
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Attribute):
            name = ".".join(dotted(node).split(".")[-2:])
            if name in wall:
                yield Finding(source.path, node.lineno, f"{name} outside chassis/clock.py")


REMOTE = re.compile(r"(^|_)(stub|client|channel|provider|gateway|http|rpc|peer|nats|jetstream|smtp)s?$")
"""What the name of something at the other end of a network looks like."""


def remote_calls(source: Source) -> Iterator[Finding]:
    """No RPC, provider or broker call and no sleep inside a transaction, nor in what is given one (``tx``):
    its locks would wait for it.
    """
    if source.is_test:
        return
    for block in ast.walk(source.tree):
        if isinstance(block, ast.AsyncWith | ast.AsyncFunctionDef) and _has_transaction(block):
            for inner in (node for statement in block.body for node in ast.walk(statement)):
                if isinstance(inner, ast.Await) and isinstance(inner.value, ast.Call):
                    name = dotted(inner.value.func)
                    parts = name.split(".")
                    if name == "asyncio.sleep" or any(REMOTE.search(part) for part in parts[:-1] or parts):
                        yield Finding(source.path, inner.lineno, f"{name}() inside a transaction")


def _has_transaction(block: ast.AsyncWith | ast.AsyncFunctionDef) -> bool:
    if isinstance(block, ast.AsyncWith):
        return any(_opens_transaction(item) for item in block.items)
    return any(argument.arg == "tx" for argument in block.args.args)


def _opens_transaction(item: ast.withitem) -> bool:
    call = item.context_expr
    return isinstance(call, ast.Call) and dotted(call.func).split(".")[-1] == "transaction"


MISSING = re.compile(r"\b(needs|missing|without|no|not (installed|available|found))\b", re.IGNORECASE)


def skips(source: Source) -> Iterator[Finding]:
    """A skipped test says what it lacks. An expected failure is a failure."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Attribute) and dotted(node).endswith("mark.xfail"):
            yield Finding(source.path, node.lineno, "xfail: mend it or leave it out")
        if isinstance(node, ast.Attribute) and dotted(node).endswith("mark.skip"):
            yield Finding(
                source.path, node.lineno, "unconditional skip: leave the test out, or say when it can run"
            )
        if not isinstance(node, ast.Call):
            continue
        name = dotted(node.func)
        if name.endswith("mark.skipif"):
            reasons = [keyword.value for keyword in node.keywords if keyword.arg == "reason"]
        elif name in ("pytest.skip", "skip"):
            reasons = [keyword.value for keyword in node.keywords if keyword.arg == "reason"] + node.args[:1]
        else:
            continue
        if not reasons or not MISSING.search(_text(reasons[0])):
            yield Finding(source.path, node.lineno, "the reason of the skip does not name what is missing")


# A deadline fails as well: that something ends at all can be the law.
ASSERTING = re.compile(
    r"assert|check|expect|must|require|verify|raises|warns|fail|eventually|^timeout$|^wait_for$"
)


def assertions(source: Source) -> Iterator[Finding]:
    """A test that cannot fail is a defect."""
    if not source.is_test:
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            inside = list(ast.walk(node))
            asserts = any(isinstance(inner, ast.Assert) for inner in inside)
            calls = any(
                isinstance(inner, ast.Call) and ASSERTING.search(dotted(inner.func).split(".")[-1])
                for inner in inside
            )
            if not asserts and not calls:
                yield Finding(source.path, node.lineno, f"{node.name} asserts nothing")


def swallowed(source: Source) -> Iterator[Finding]:
    """An unexpected error is never passed over in silence."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ExceptHandler):
            broad = node.type is None or dotted(node.type) in ("Exception", "BaseException")
            silent = all(isinstance(part, ast.Pass | ast.Continue) for part in node.body)
            if broad and silent:
                yield Finding(source.path, node.lineno, "swallows every error")
        suppressed = (
            node.args if isinstance(node, ast.Call) and dotted(node.func).endswith("suppress") else []
        )
        if {"Exception", "BaseException"} & {dotted(argument) for argument in suppressed}:
            yield Finding(source.path, _line(node), "suppresses every error")


REVISION = re.compile(r"(?:services/\w+/migrations/versions|chassis/db/ddl/revisions)/\d{4}_\w+\.py")
RELEASED_REVISIONS = {
    "services/orders/migrations/versions/0002_pre_orders_to_complete.py",
    "services/orders/migrations/versions/0004_pre_tickets_past_recall.py",
}
"""They have run; what ran is not rewritten."""
MAKES_TABLE = re.compile(r"\bCREATE TABLE\s+(?:IF NOT EXISTS\s+)?([\w.]+)", re.IGNORECASE)
MAKES_INDEX = re.compile(
    r"\bCREATE\s+(?:UNIQUE\s+)?INDEX\s+(?!CONCURRENTLY)(?:IF NOT EXISTS\s+)?[\w.]+"
    r"\s+ON\s+(?:ONLY\s+)?([\w.]+)"
    r"|\bALTER TABLE\s+(?:IF EXISTS\s+)?(?:ONLY\s+)?([\w.]+)\s+ADD\s+(?:CONSTRAINT\s+\w+\s+)?"
    r"(?:UNIQUE|PRIMARY KEY|EXCLUDE)\b(?!\s+USING INDEX)",
    re.IGNORECASE,
)


def concurrent_indexes(source: Source) -> Iterator[Finding]:
    """An index on a table in use is built concurrently: a plain one stops every writer while it is built."""
    if not REVISION.fullmatch(source.path) or source.path in RELEASED_REVISIONS:
        return
    texts = [
        (node.lineno, _template(node))
        for node in ast.walk(source.tree)
        if isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))
    ]
    calls = [
        (node, dotted(node.func).split(".")[-1])
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Call)
    ]
    new = {found.split(".")[-1] for _, text in texts for found in MAKES_TABLE.findall(text)}
    new |= {_text(node.args[0]) for node, name in calls if name == "create_table" and node.args}
    for line, text in texts:
        for found in MAKES_INDEX.finditer(text):
            table = (found[1] or found[2]).split(".")[-1]
            if table not in new:
                yield Finding(
                    source.path, line, f"an index on {table}: use chassis.db.migrations.index_concurrently"
                )
    for node, name in calls:
        concurrently = any(keyword.arg == "postgresql_concurrently" for keyword in node.keywords)
        if name in ("create_index", "create_unique_constraint", "create_primary_key") and not concurrently:
            table = _text(node.args[1]) if len(node.args) > 1 else ""
            if table not in new:
                yield Finding(
                    source.path, node.lineno, f"{name} on {table or 'a table in use'}, not concurrently"
                )


SWITCHED = re.compile(
    r"\$\d+(?:::[\w\[\]]+)?\s*(?:IS NULL|= ''|= 0)\s+OR\b|\bcardinality\(\$\d+|\(NOT \$\d+ OR\b|\bOR \$\d+\)",
    re.IGNORECASE,
)


def switched_conditions(source: Source) -> Iterator[Finding]:
    """A statement has one plan for all its parameters: a condition that one can switch off spoils it."""
    if source.is_test or "/migrations/" in source.path:
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.JoinedStr) or (
            isinstance(node, ast.Constant) and isinstance(node.value, str)
        ):
            for found in SWITCHED.findall(_template(node)):
                yield Finding(source.path, node.lineno, f"{found!r}: leave it out by chassis.db.conditions")


def _template(node: ast.expr) -> str:
    """The text of a literal; what an f-string fills in becomes `_`."""
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "_" for part in node.values)
    return str(node.value) if isinstance(node, ast.Constant) else ""


UNFINISHED = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK")) + r")\b")


def unfinished(source: Source) -> Iterator[Finding]:
    """What is not done is not in the code."""
    for number, line in enumerate(source.text.splitlines(), 1):
        if found := UNFINISHED.search(line):
            yield Finding(source.path, number, f"{found[0]}: do it or leave it out")


INDEX_HOSTS = re.compile(
    "|".join((r"pypi\." + "org", "python" + "hosted", r"registry\.npm" + "js", r"npm" + r"js\.org"))
)
MACHINE_PATHS = re.compile(
    r"(?<![\w./-])/(" + "|".join(("ro" + "ot", "wo" + "rk", "Us" + "ers", r"ho" + r"me/\w+")) + ")/"
)


def machine_traces(source: Source) -> Iterator[Finding]:
    """Nothing in the repository knows a package index or the folders of one machine."""
    for number, line in enumerate(source.text.splitlines(), 1):
        if found := INDEX_HOSTS.search(line):
            yield Finding(source.path, number, f"names the package index {found[0]}")
        if found := MACHINE_PATHS.search(line):
            yield Finding(source.path, number, f"names the folder {found[0]} of one machine")


def dotted(node: ast.expr) -> str:
    """`a.b.c` of an expression; what is neither name nor attribute becomes `?`."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    if isinstance(node, ast.Call):
        return dotted(node.func)
    return "?"


def _text(node: ast.expr) -> str:
    """The literal text in an expression, f-strings included."""
    return " ".join(
        part.value
        for part in ast.walk(node)
        if isinstance(part, ast.Constant) and isinstance(part.value, str)
    )


def _line(node: ast.AST) -> int:
    return int(getattr(node, "lineno", 1))


def channel_registries(source: Source) -> Iterator[Finding]:
    """Channels are declared in the contract, and read by chassis.messaging.channels alone."""
    if source.is_test or source.path.split("/")[0] not in ("chassis", "services", "gateway", "deploy"):
        return
    for node in ast.walk(source.tree):
        listed: list[ast.expr | None] = []
        if isinstance(node, ast.Dict):
            listed = node.keys
        elif isinstance(node, ast.Tuple | ast.List | ast.Set):
            listed = list(node.elts)
        elif isinstance(node, ast.Module | ast.ClassDef):
            listed = [one.value for one in node.body if isinstance(one, ast.Assign | ast.AnnAssign)]
        named = {str(one.value) for one in listed if isinstance(one, ast.Constant) and one.value in CHANNELS}
        # Some channels have the name of the service that owns them.
        if len(named) > 1 and named - set(SERVICES):
            yield Finding(source.path, _line(node), f"lists the channels {sorted(named)}")


PYTHON_RULES: tuple[Rule, ...] = (
    sizes,
    names,
    services_apart,
    commits,
    claims,
    mocks,
    lost_cancellations,
    environment,
    clock,
    remote_calls,
    skips,
    assertions,
    swallowed,
    concurrent_indexes,
    switched_conditions,
    channel_registries,
    unfinished,
)
TEXT_RULES: tuple[Rule, ...] = (machine_traces,)
