"""Every rule catches a planted sample, and lets the like of it pass that is allowed."""

import textwrap

import pytest

from tests.tidy import rules, shared_rules
from tests.tidy.source import Source

PRODUCT = "services/orders/usecases.py"
MAIN = "services/orders/main.py"
TEST = "services/orders/tests/test_usecases.py"
INDEX = "pypi." + "org"
FOLDER = "/ro" + "ot/project"
MARK = "TO" + "DO"

REVISION = "services/orders/migrations/versions/0042_pre_more.py"
SHARED_REVISION = "chassis/db/ddl/revisions/0042_pre_more.py"

LONG_FUNCTION = "def f() -> None:\n" + "    g()\n" * 70
LONG_FILE = "x = 1\n" * 401

CAUGHT: list[tuple[rules.Rule, str, str]] = [
    (rules.sizes, PRODUCT, LONG_FUNCTION),
    (rules.sizes, PRODUCT, LONG_FILE),
    (rules.sizes, TEST, "x = 1\n" * 801),
    (rules.names, "services/orders/utils.py", ""),
    (rules.names, "chassis/common/money.py", ""),
    (rules.names, "gateway/helpers.py", ""),
    (rules.names, "tools/constants.py", ""),
    (rules.services_apart, PRODUCT, "from services.payments import store"),
    (rules.services_apart, PRODUCT, "import services.auth.domain"),
    (rules.services_apart, PRODUCT, "from services import catalog"),
    (rules.services_apart, PRODUCT, "importlib.import_module('services.staff.store')"),
    (rules.commits, PRODUCT, "await connection.commit()"),
    (rules.commits, PRODUCT, "await tx.execute('COMMIT')"),
    (rules.commits, "gateway/app.py", "await connection.execute('begin isolation level serializable')"),
    (rules.claims, PRODUCT, "if stored := await tx.claim(command.key): return stored"),
    (rules.claims, PRODUCT, "tx.remember(reply.SerializeToString())"),
    (rules.claims, TEST, "stored = await tx.peek(key)"),
    (
        rules.claims,
        "chassis/messaging/parked_rpc.py",
        "async with db.transaction(None, claiming=key) as tx: pass",
    ),
    (rules.mocks, TEST, "from unittest.mock import patch"),
    (rules.mocks, TEST, "import unittest.mock"),
    (rules.mocks, TEST, "with mock.patch('a.b'): pass"),
    (rules.mocks, TEST, "monkeypatch.setattr(a, 'b', 1)"),
    (rules.lost_cancellations, PRODUCT, "await asyncio.wait_for(event.wait(), 5)"),
    (rules.environment, PRODUCT, "os.environ['FYNLO_X']"),
    (rules.environment, "deploy/local/places.py", "os.getenv('HOME')"),
    (rules.environment, "tools/seed.py", "from os import environ"),
    (rules.clock, PRODUCT, "datetime.now(UTC)"),
    (rules.clock, PRODUCT, "datetime.datetime.utcnow()"),
    (rules.clock, "gateway/app.py", "time.time()"),
    (rules.clock, PRODUCT, "make(default_factory=datetime.now)"),
    (
        rules.remote_calls,
        PRODUCT,
        "async def f():\n async with db.transaction(t) as tx:\n  await catalog_stub.Reserve(r)",
    ),
    (
        rules.remote_calls,
        PRODUCT,
        "async def f():\n async with self._db.transaction(t) as tx:\n  await self.provider.capture(x)",
    ),
    (
        rules.remote_calls,
        PRODUCT,
        "async def f():\n async with db.transaction(t):\n  if a:\n   await nats.publish('x')",
    ),
    (rules.remote_calls, PRODUCT, "async def f():\n async with db.transaction(t):\n  await asyncio.sleep(1)"),
    (rules.remote_calls, PRODUCT, "async def close(tx: Transaction):\n await payments_stub.CloseBill(r)"),
    (rules.skips, TEST, "@pytest.mark.skip\ndef test_a(): assert f()"),
    (rules.skips, TEST, "@pytest.mark.xfail\ndef test_a(): assert f()"),
    (rules.skips, TEST, "@pytest.mark.skipif(x, reason='flaky')\ndef test_a(): assert f()"),
    (rules.skips, TEST, "def test_a():\n pytest.skip('later')"),
    (rules.skips, TEST, "def test_a():\n pytest.skip()"),
    (rules.assertions, TEST, "def test_a():\n  f()"),
    (rules.assertions, TEST, "class TestIt:\n  async def test_a(self):\n    await f()"),
    (rules.swallowed, PRODUCT, "try:\n  f()\nexcept Exception:\n  pass"),
    (rules.swallowed, PRODUCT, "try:\n  f()\nexcept:\n  pass"),
    (rules.swallowed, PRODUCT, "with contextlib.suppress(Exception):\n  f()"),
    (rules.concurrent_indexes, REVISION, "op.execute('CREATE INDEX t_a ON orders.ticket (a)')"),
    (rules.concurrent_indexes, SHARED_REVISION, "f'CREATE INDEX t_a ON {schema}.inbox (a)'"),
    (rules.concurrent_indexes, REVISION, "op.execute(f'CREATE UNIQUE INDEX t_a ON {schema}.ticket (a)')"),
    (
        rules.concurrent_indexes,
        REVISION,
        "op.execute('ALTER TABLE orders.ticket ADD CONSTRAINT u UNIQUE (a)')",
    ),
    (rules.concurrent_indexes, REVISION, "op.create_index('t_a', 'ticket', ['a'], schema='orders')"),
    (rules.concurrent_indexes, REVISION, "op.create_unique_constraint('u', 'ticket', ['a'])"),
    (rules.switched_conditions, PRODUCT, "x = 'SELECT a FROM t WHERE ($2::uuid IS NULL OR a = $2)'"),
    (rules.switched_conditions, PRODUCT, "x = f'SELECT a FROM {t} WHERE (cardinality($5::text[]) = 0 OR b)'"),
    (rules.switched_conditions, PRODUCT, "x = \"WHERE $1 = '' OR recipient = $1\""),
    (rules.switched_conditions, PRODUCT, "x = 'WHERE (active OR $2) AND (NOT $3 OR ended_at IS NULL)'"),
    (rules.channel_registries, PRODUCT, "OWNERS = {'kitchen': 'orders', 'staff': 'staff'}"),
    (rules.channel_registries, PRODUCT, "CHANNELS = frozenset({'tills', 'metrics'})"),
    (rules.channel_registries, "gateway/main.py", "for one in ('floor', 'orders'): f(one)"),
    (rules.channel_registries, PRODUCT, "KITCHEN = 'kitchen'\nORDERS: Final = 'orders'"),
    (rules.unfinished, PRODUCT, f"x = 1  # {MARK}: later"),
    (rules.machine_traces, "requirements.lock", f"--index-url https://{INDEX}/simple"),
    (rules.machine_traces, "docs/chassis.md", f"see {FOLDER}/notes.txt"),
    (shared_rules.skeleton, MAIN, "service.add_background('relay', OutboxRelay(db, bus, clock).run)"),
    (shared_rules.skeleton, MAIN, "db = await Database.connect(url, schema='orders', clock=clock)"),
    (shared_rules.named_restaurants, PRODUCT, "tenant = parse_id(request.restaurant_id)"),
    (shared_rules.named_restaurants, PRODUCT, "from chassis.auth import PrincipalKind"),
    (shared_rules.pages, PRODUCT, "after = position_in(request.page.cursor)"),
    (shared_rules.pages, PRODUCT, "raise InvalidArgument('no', reason='INVALID_CURSOR')"),
    (shared_rules.contract_names, PRODUCT, "from fynlo.orders.v1 import orders_service_pb2 as pb"),
    (shared_rules.contract_names, TEST, "from fynlo.auth.v1 import events_pb2"),
    (shared_rules.contract_names, "gateway/app.py", "from fynlo_json import orders"),
    (shared_rules.instants, PRODUCT, "stamp.FromDatetime(at)"),
    (shared_rules.instants, "gateway/calls.py", "at = message.created_at.ToDatetime(UTC)"),
    (shared_rules.skeleton, "gateway/services.py", "open_channel(address, peer='auth', identity=identity)"),
]

ALLOWED: list[tuple[rules.Rule, str, str]] = [
    (rules.sizes, PRODUCT, LONG_FUNCTION.removesuffix("    g()\n")),
    (rules.sizes, TEST, LONG_FILE),
    (rules.names, "services/orders/domain.py", ""),
    (rules.services_apart, PRODUCT, "from services.orders import store"),
    (rules.services_apart, PRODUCT, "from fynlo.payments.v1 import payments_pb2"),
    (rules.commits, "chassis/db/transactions.py", "await connection.execute('COMMIT')"),
    (rules.commits, PRODUCT, "await tx.execute('INSERT INTO commits VALUES ($1)', 1)"),
    (rules.commits, PRODUCT, "reservations.commit(current, order)"),
    (
        rules.claims,
        "chassis/db/commands.py",
        "async with db.transaction(t, claiming=key) as tx: tx.remember(b'')",
    ),
    (rules.claims, PRODUCT, "await execute(db, command, Reply, close)"),
    (rules.environment, "deploy/local/settings.py", "os.environ['HOME']"),
    (rules.environment, PRODUCT, "os.path.join('a', 'b')"),
    (rules.clock, "chassis/clock.py", "datetime.now(UTC)"),
    (rules.clock, PRODUCT, "clock.now() and time.monotonic()"),
    (rules.clock, "chassis/ids.py", "time.time_ns()"),
    (rules.channel_registries, PRODUCT, "PEERS = ('orders', 'staff', 'payments')"),
    (rules.channel_registries, PRODUCT, "if channel == 'kitchen' or channel == 'tills': f()"),
    (rules.channel_registries, "bench/scenarios/sockets.py", "SOME = ('kitchen', 'inventory')"),
    (
        rules.remote_calls,
        PRODUCT,
        "async def f():\n async with db.transaction(t) as tx:\n  await store.insert(tx, 1)",
    ),
    (
        rules.remote_calls,
        PRODUCT,
        "async def f():\n await stub.Reserve(r)\n async with db.transaction(t):\n  await tx.execute(x)",
    ),
    (
        rules.skips,
        TEST,
        "@pytest.mark.skipif(not chromium, reason='needs chromium')\ndef test_a(): assert f()",
    ),
    (rules.assertions, TEST, "def test_a():\n  with pytest.raises(ValueError):\n    f()"),
    (rules.assertions, TEST, "def test_a():\n  assert_balanced(ledger)"),
    (rules.swallowed, PRODUCT, "try:\n  f()\nexcept ValueError:\n  pass"),
    (rules.swallowed, PRODUCT, "try:\n  f()\nexcept Exception:\n  log.error('x')\n  raise"),
    (rules.concurrent_indexes, REVISION, "index_concurrently(op, 'orders', 't_a', 'ticket (a)')"),
    (
        rules.concurrent_indexes,
        REVISION,
        "op.execute('CREATE TABLE orders.bin (a int)')\nop.execute('CREATE INDEX b_a ON orders.bin (a)')",
    ),
    (rules.concurrent_indexes, REVISION, "op.create_table('bin', c)\nop.create_index('b_a', 'bin', ['a'])"),
    (rules.concurrent_indexes, REVISION, "op.execute('CREATE INDEX CONCURRENTLY t_a ON orders.ticket (a)')"),
    (rules.switched_conditions, PRODUCT, "x = 'WHERE a = $1 AND (b IS NULL OR b < $2)'"),
    (rules.switched_conditions, PRODUCT, "x = 'SELECT FROM t WHERE $1 IS NULL'"),
    (rules.concurrent_indexes, PRODUCT, "x = 'CREATE INDEX t_a ON orders.ticket (a)'"),
    (shared_rules.named_restaurants, PRODUCT, "tenant = tenant_named(request.restaurant_id)"),
    (shared_rules.pages, PRODUCT, "page = page_of(request, BY_ID)"),
    (shared_rules.instants, PRODUCT, "created_at = timestamp(order.created_at)"),
    (shared_rules.contract_names, PRODUCT, "from fynlo.orders.v1 import orders_service_pb2 as orders_api"),
    (shared_rules.contract_names, PRODUCT, "from fynlo.orders.v1.events_pb2 import OrderPlaced"),
    (shared_rules.skeleton, MAIN, "orders = await open_service(settings)"),
    (shared_rules.skeleton, "gateway/main.py", "service = Service(settings)"),
    (shared_rules.skeleton, TEST, "db = await Database.connect(url)"),
    (shared_rules.skeleton, "services/catalog/ledger.py", "db = await Database.connect(url)"),
    (rules.machine_traces, "README.md", "open http://127.0.0.1:8080/root/ or services/work/x"),
]


@pytest.mark.parametrize(("rule", "path", "text"), CAUGHT)
def test_a_planted_sample_is_caught(rule: rules.Rule, path: str, text: str) -> None:
    assert list(rule(Source(path, textwrap.dedent(text))))


@pytest.mark.parametrize(("rule", "path", "text"), ALLOWED)
def test_what_is_allowed_passes(rule: rules.Rule, path: str, text: str) -> None:
    assert not list(rule(Source(path, textwrap.dedent(text))))


def test_every_rule_has_a_planted_sample() -> None:
    planted = {rule for rule, _, _ in CAUGHT}
    assert planted == {*rules.PYTHON_RULES, *rules.TEXT_RULES, *shared_rules.SHARED_RULES}


def test_a_finding_says_where_it_is() -> None:
    [finding] = rules.clock(Source(PRODUCT, "x = 1\ny = datetime.now(UTC)\n"))
    assert str(finding) == f"{PRODUCT}:2: datetime.now outside chassis/clock.py"
