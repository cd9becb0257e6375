"""A stolen service on the bus: its credentials against every subject and consumer that is not its own."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import nats.errors
import pytest
from fynlo.auth.v1 import auth_pb2
from fynlo.auth.v1.events_pb2 import SessionsRevoked
from fynlo.payments.v1 import payments_pb2
from fynlo.payments.v1.events_pb2 import PaymentCaptured
from nats.aio.client import Client
from nats.aio.msg import Msg

from chassis.messaging.bus import open_nats
from chassis.messaging.reader import PARTS, OwnEvents
from chassis.messaging.stream import ID, STREAM, all_of, durable_of, ensure_stream
from deploy.access.bus import API_PREFIX, SERVER_API, asks_of
from deploy.access.events import CONSUMES, HEARS, PROCESSES, PUBLISHERS, REVOCATIONS
from deploy.local import places
from deploy.local.embedded import EmbeddedNats, free_port
from harness.fixtures import START
from services.realtime.feed import read_stream
from tests.access.contracts import event_types

PASSWORDS = {process: f"password-of-{process}" for process in PROCESSES}
PAYMENT = PaymentCaptured.DESCRIPTOR.full_name
REFUSED_SECONDS = 2.0
"""How long an answer that must not come is waited for; all questions of a thief wait side by side."""
DURABLES = {
    durable_of(service, kind): (service, kind) for service, kinds in CONSUMES.items() for kind in kinds
}


@dataclass
class Bus:
    """The server with a client for each process, and all that each of them heard."""

    operator: Client
    clients: dict[str, Client]
    heard: dict[str, list[str]] = field(default_factory=dict)

    async def settled(self) -> None:
        """Everything that was said so far has arrived where it may."""
        for _ in range(2):
            for client in self.clients.values():
                await client.flush()
            await self.operator.flush()

    async def stored(self) -> dict[str, int]:
        """How many messages the stream has, by subject."""
        info = await self.operator.jetstream().stream_info(STREAM, subjects_filter=">")
        return info.state.subjects or {}


@pytest.fixture
async def bus(tmp_path: Path) -> AsyncIterator[Bus]:
    folder = places.temporary_folder(None)
    server = EmbeddedNats(folder / "nats", free_port(), PASSWORDS)
    await server.start()
    operator = await open_nats(server.url, name="operator")
    clients = {}
    for process, password in PASSWORDS.items():
        url = f"nats://{process}:{password}@127.0.0.1:{server.port}"
        clients[process] = await open_nats(url, name=process, api_prefix=API_PREFIX)
    made = Bus(operator, clients)
    await ensure_stream(clients["orders"])
    for process, client in clients.items():
        made.heard[process] = []

        async def on_message(message: Msg, into: list[str] = made.heard[process]) -> None:
            if message.subject.startswith("fynlo"):
                into.append(message.subject)

        await client.subscribe(">", cb=on_message)
    await made.settled()
    yield made
    for client in (*clients.values(), operator):
        await client.close()
    await server.stop()


async def publish(client: Client, subject: str, payload: bytes = b"forged") -> None:
    await client.publish(subject, payload, headers={"ce-type": subject.rpartition(".")[0]})


@pytest.mark.parametrize("thief", PROCESSES)
async def test_no_process_can_publish_an_event_of_another(thief: str, bus: Bus) -> None:
    foreign = [kind for kind in event_types() if kind.split(".")[1] != thief]
    for kind in foreign:
        await publish(bus.clients[thief], f"{kind}.{uuid4()}")
        await publish(bus.clients[thief], f"{kind}.platform")
    for note in (f"fynlo-nudge.{publisher}" for publisher in PUBLISHERS if publisher != thief):
        await bus.clients[thief].publish(note)
    if thief != "realtime":
        await bus.clients[thief].publish("fynlo-kds")
    await bus.settled()
    assert await bus.stored() == {}
    assert {process: heard for process, heard in bus.heard.items() if heard and process != thief} == {}


@pytest.mark.parametrize("publisher", PUBLISHERS)
async def test_its_own_events_reach_the_stream_and_those_who_may_hear_them(publisher: str, bus: Bus) -> None:
    own = [kind for kind in event_types() if kind.split(".")[1] == publisher]
    for kind in own:
        await bus.clients[publisher].jetstream().publish(f"{kind}.platform", b"event")
    await bus.settled()
    assert await bus.stored() == {f"{kind}.platform": 1 for kind in own}
    for process in set(PROCESSES) - {publisher}:
        may_hear = [
            f"{kind}.platform"
            for kind in own
            if all_of(publisher) in HEARS[process] or (kind in REVOCATIONS and REVOCATIONS in HEARS[process])
        ]
        assert sorted(bus.heard[process]) == sorted(may_hear), process


async def secrets_of_everybody(bus: Bus) -> int:
    """One event of each type and a consumer of each kind, as in a running installation; how many events."""
    kinds = event_types()
    for kind in kinds:
        await bus.clients[kind.split(".")[1]].jetstream().publish(f"{kind}.{uuid4()}", b"confidential")
    for durable, (service, kind) in DURABLES.items():
        answer = await create(bus.clients[service], durable, f"{kind}.*")
        assert "error" not in answer
    for heard in bus.heard.values():
        heard.clear()
    return len(kinds)


async def create(client: Client, name: str, subject: str, **config: object) -> dict[str, object]:
    request = {"durable_name": name, "name": name, "ack_policy": "explicit", "filter_subject": subject}
    subject = f"{API_PREFIX}.CONSUMER.CREATE.{STREAM}.{name}.{subject}"
    return await ask(client, subject, of_stream(request | config))


def of_stream(config: dict[str, object]) -> dict[str, object]:
    """What the body of a question about a consumer looks like."""
    return {"stream_name": STREAM, "config": config}


async def ask(client: Client, subject: str, question: dict[str, object] | None = None) -> dict[str, object]:
    """What the server answers; an error where it does not."""
    body = b"" if question is None else json.dumps(question).encode()
    try:
        reply = await client.request(subject, body, timeout=REFUSED_SECONDS)
    except (nats.errors.Error, TimeoutError) as error:
        return {"error": repr(error)}
    if (reply.headers or {}).get("Status"):
        return {"error": dict(reply.headers or {})}
    try:
        answer: dict[str, object] = json.loads(reply.data)
    except ValueError:
        return {"data": reply.data}
    return answer


def forbidden_questions(thief: str) -> list[tuple[str, dict[str, object] | None]]:
    """All that JetStream offers on the stream and on consumers of others."""
    wide: dict[str, object] = {"name": "w", "durable_name": "w", "ack_policy": "none"}
    questions: list[tuple[str, dict[str, object] | None]] = [
        (f"STREAM.{what}.{STREAM}", None) for what in ("DELETE", "PURGE", "PEER.REMOVE", "LEADER.STEPDOWN")
    ]
    questions += [(f"STREAM.{what}.{STREAM}", {"seq": 1}) for what in ("MSG.GET", "MSG.DELETE")]
    questions += [
        (f"STREAM.UPDATE.{STREAM}", {"name": STREAM, "subjects": ["fynlo.*.v1.*.*"], "max_msgs": 1})
    ]
    questions += [(f"STREAM.SNAPSHOT.{STREAM}", {"deliver_subject": "elsewhere"})]
    bodies: list[dict[str, object]] = [{"seq": 1}, {"last_by_subj": "fynlo.auth.v1.>"}]
    questions += [(f"DIRECT.GET.{STREAM}", body) for body in bodies]
    questions += [("STREAM.NAMES", None), ("STREAM.LIST", None), ("INFO", None)]
    questions += [(f"STREAM.CREATE.{name}", {"name": name, "subjects": ["x"]}) for name in ("OTHER", "KV_x")]
    questions += [
        (f"CONSUMER.CREATE.{STREAM}", of_stream(wide)),
        (f"CONSUMER.DURABLE.CREATE.{STREAM}.w", of_stream(wide)),
    ]
    questions += [(f"CONSUMER.CREATE.{STREAM}.w", of_stream(wide | {"filter_subjects": ["fynlo.>"]}))]
    questions += [
        (f"CONSUMER.CREATE.{STREAM}.w.{subject}", of_stream(wide | {"filter_subject": subject}))
        for subject in (
            "fynlo.>",
            "fynlo.*.v1.*.*",
            *(all_of(one) for one in PUBLISHERS if not reads(thief, one)),
        )
    ]
    questions += [(f"DIRECT.GET.{STREAM}.{all_of(one)}", None) for one in PUBLISHERS if not reads(thief, one)]
    for durable, (service, kind) in DURABLES.items():
        if service != thief:
            config = {**wide, "name": durable, "durable_name": durable, "filter_subject": f"{kind}.*"}
            questions += [(f"CONSUMER.CREATE.{STREAM}.{durable}.{kind}.*", of_stream(config))]
            questions += [
                (f"CONSUMER.{what}.{STREAM}.{durable}", None)
                for what in ("MSG.NEXT", "DELETE", "INFO", "RESET", "UNPIN")
            ]
            pause: dict[str, object] = {"pause_until": "2100-01-01T00:00:00Z"}
            questions += [(f"CONSUMER.PAUSE.{STREAM}.{durable}", pause)]
    return questions


def reads(thief: str, owner: str) -> bool:
    """Whether ``thief`` may read all events of ``owner``: its own, or as realtime an owner's of channels."""
    return any(ask.subject.endswith(f".{all_of(owner)}") for ask in asks_of(thief))


@pytest.mark.parametrize("thief", PROCESSES)
async def test_no_process_can_ask_the_stream_for_more_than_its_work_needs(thief: str, bus: Bus) -> None:
    events = await secrets_of_everybody(bus)
    before = await consumers(bus)
    questions = [
        (f"{prefix}.{question}", config)
        for prefix in (API_PREFIX, SERVER_API)
        for question, config in forbidden_questions(thief)
    ]
    answers = await asyncio.gather(*(ask(bus.clients[thief], *question) for question in questions))
    answered = [
        question for (question, _), answer in zip(questions, answers, strict=True) if "error" not in answer
    ]
    assert answered == []
    assert sum((await bus.stored()).values()) == events
    assert await consumers(bus) == before


async def consumers(bus: Bus) -> dict[str, tuple[object, ...]]:
    """The durable consumers: what they filter, and how far they are."""
    found = await bus.operator.jetstream().consumers_info(STREAM)
    return {
        one.name: (one.config.filter_subject, one.num_pending, one.num_ack_pending)
        for one in found
        if one.name in DURABLES
    }


@pytest.mark.parametrize("thief", CONSUMES)
async def test_a_consumer_of_its_own_cannot_be_widened(thief: str, bus: Bus) -> None:
    await secrets_of_everybody(bus)
    kind = CONSUMES[thief][0]
    durable = durable_of(thief, kind)
    for config in ({"filter_subject": "fynlo.>"}, {"filter_subjects": ["fynlo.>"], "filter_subject": None}):
        answer = await create(bus.clients[thief], durable, f"{kind}.*", **config)
        assert "error" in answer, config
    pushed = await create(bus.clients[thief], durable, f"{kind}.*", deliver_subject=f"{all_of('auth')}")
    assert "error" in pushed


@pytest.mark.parametrize("thief", [process for process in PROCESSES if asks_of(process)])
async def test_no_answer_of_the_server_can_be_sent_where_the_asker_may_not_publish(
    thief: str, bus: Bus
) -> None:
    """The confused deputy: the server publishes answers with its own rights, wherever the question says."""
    events = await secrets_of_everybody(bus)
    elsewhere = [f"fynlo.{one}.v1.Forged.platform" for one in PUBLISHERS if one != thief]
    elsewhere += [REVOCATIONS.replace("*", "x"), f"{SERVER_API}.STREAM.DELETE.{STREAM}"]
    for target in elsewhere:
        for question in asks_of(thief):
            subject = question.seen_as.replace(".>", ".1.1.1.1.1")
            if not subject.startswith("fynlo."):
                await bus.clients[thief].publish(subject, b"1", reply=target)
    await bus.settled()
    assert sum((await bus.stored()).values()) == events
    assert {process: heard for process, heard in bus.heard.items() if heard and process != thief} == {}


async def test_a_forged_payment_from_realtime_pays_nothing(bus: Bus) -> None:
    await create(bus.clients["orders"], durable_of("orders", PAYMENT), f"{PAYMENT}.*")
    forged = PaymentCaptured(payment=payments_pb2.Payment(id=str(uuid4()), order_id=str(uuid4())))
    await publish(bus.clients["realtime"], f"{PAYMENT}.{uuid4()}", forged.SerializeToString())
    with pytest.raises(nats.errors.Error):
        await bus.clients["realtime"].jetstream().publish(f"{PAYMENT}.{uuid4()}", b"forged")
    await bus.settled()
    assert await bus.stored() == {}


async def test_a_forged_revocation_from_realtime_locks_nobody_out(bus: Bus) -> None:
    revoked = auth_pb2.Revocation(kind=auth_pb2.REVOCATION_KIND_USER, id=str(uuid4()))
    forged = SessionsRevoked(revocation=revoked).SerializeToString()
    await publish(bus.clients["realtime"], "fynlo.auth.v1.SessionsRevoked.platform", forged)
    await bus.settled()
    assert [process for process in PROCESSES if process != "realtime" and bus.heard[process]] == []


async def test_realtime_reads_back_what_is_on_channels_and_nothing_of_auth(bus: Bus) -> None:
    await secrets_of_everybody(bus)
    realtime = bus.clients["realtime"]
    for owner in ("orders", "catalog", "staff", "payments"):
        last = await realtime.jetstream().get_last_msg(STREAM, all_of(owner), direct=True)
        assert last.data == b"confidential"
        for limit in (1, 1_000):
            found = read_stream(realtime, START, subject=all_of(owner), limit=limit)
            assert [event async for event in found] == []
    with pytest.raises((nats.errors.Error, TimeoutError)):
        await realtime.jetstream().get_last_msg(STREAM, all_of("auth"), direct=True)


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("publisher", PUBLISHERS)
async def test_a_publisher_reads_its_own_events_back_and_nobody_elses(
    publisher: str, part: str, bus: Bus
) -> None:
    written = {}
    for one in PUBLISHERS:
        msg_id = str(uuid4())
        subject = f"fynlo.{one}.v1.Something.platform"
        ack = await bus.clients[one].jetstream().publish(subject, b"event", headers={ID: msg_id})
        written[one] = ack.seq, msg_id
    own = OwnEvents(bus.clients[publisher], publisher, part)
    found = await own.identities([seq for seq, _ in written.values()])
    assert found == dict([written[publisher]])
