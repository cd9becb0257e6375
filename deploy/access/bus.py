"""The accounts of the NATS server: one for the stream, one for each process, and between them what is needed.

JetStream lives in the account BUS. Every other account is a room of its own, in which a process hears only
itself; what it can reach beyond is imported, subject by subject. So an answer of the server, too, can only
come back into the room of whoever asked: with one room for all, a process could name a foreign subject as
the place for an answer and so publish there with the server's rights.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from chassis.messaging.reader import PARTS, reader_of
from chassis.messaging.stream import STREAM, all_of, durable_of
from deploy.access.events import CHANNEL_OWNERS, CONSUMES, HEARS, NOTES, PROCESSES, PUBLISHERS

BUS = "BUS"
OPERATOR = "operator"
"""The user of the account BUS: for whoever runs the installation, never for a process of it."""
SERVER_API = "$JS.API"
API_PREFIX = "$JS.fynlo.API"
"""Where an account sees JetStream. Not at SERVER_API: there the server answers for the account's own."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A subject of the account BUS that a process may publish to; ``streamed``: one request, many answers."""

    subject: str
    streamed: bool = False

    @property
    def seen_as(self) -> str:
        """The same subject in the account of the process."""
        return self.subject.replace(SERVER_API, API_PREFIX, 1)


def asks_of(process: str) -> list[Ask]:
    """All that ``process`` may ask of the stream's account."""
    asks = [*_publishing(process)] if process in PUBLISHERS else []
    for event_type in CONSUMES.get(process, ()):
        asks += _reading(durable_of(process, event_type), f"{event_type}.*")
        asks.append(Ask(f"$JS.ACK.{STREAM}.{durable_of(process, event_type)}.>"))
    if process == "realtime":
        asks += _reading_back()
    return asks


def denied_to(process: str) -> list[str]:
    """What the wildcards among its asks would let ``process`` do to the durable consumers of others."""
    if process != "realtime":
        return []
    durables = [durable_of(service, kind) for service, kinds in CONSUMES.items() for kind in kinds]
    names = [*durables, *(reader_of(service, part) for service in PUBLISHERS for part in PARTS)]
    return [
        f"{API_PREFIX}.CONSUMER.{what}"
        for name in names
        for what in (f"CREATE.{STREAM}.{name}.>", f"MSG.NEXT.{STREAM}.{name}")
    ]


def may_publish(process: str) -> list[str]:
    """Every subject that ``process`` may publish to, as it sees them."""
    return [*(ask.seen_as for ask in asks_of(process)), *NOTES.get(process, ())]


def accounts_config(passwords: Mapping[str, str], operator_password: str) -> str:
    """The block ``accounts`` of a nats-server configuration. ``passwords``: of PROCESSES, or none."""
    operator = f'{{ user: "{OPERATOR}", password: "{operator_password}" }}'
    exports = _exports() if passwords else ""
    stream_account = _account(BUS, operator, exports=exports, more="    jetstream: enabled\n")
    rooms = "".join(_room(process, password) for process, password in passwords.items())
    return f"accounts {{\n{stream_account}{rooms}}}\n"


def _publishing(service: str) -> Iterator[Ask]:
    yield Ask(all_of(service))
    yield Ask(f"{SERVER_API}.STREAM.INFO.{STREAM}")
    # Whoever publishes makes the stream where it is missing; nobody changes or removes it.
    yield Ask(f"{SERVER_API}.STREAM.CREATE.{STREAM}")
    for part in PARTS:
        yield from _reading(reader_of(service, part), all_of(service))
        yield Ask(f"{SERVER_API}.CONSUMER.DELETE.{STREAM}.{reader_of(service, part)}")


def _reading_back() -> Iterator[Ask]:
    yield Ask(f"{SERVER_API}.STREAM.INFO.{STREAM}")
    yield Ask(f"{SERVER_API}.CONSUMER.MSG.NEXT.{STREAM}.*", streamed=True)
    for owner in CHANNEL_OWNERS:
        yield Ask(f"{SERVER_API}.CONSUMER.CREATE.{STREAM}.*.{all_of(owner)}")
        yield Ask(f"{SERVER_API}.DIRECT.GET.{STREAM}.{all_of(owner)}")


def _reading(consumer: str, subject: str) -> list[Ask]:
    return [
        Ask(f"{SERVER_API}.CONSUMER.CREATE.{STREAM}.{consumer}.{subject}"),
        Ask(f"{SERVER_API}.CONSUMER.MSG.NEXT.{STREAM}.{consumer}", streamed=True),
    ]


def _exports() -> str:
    wanted: dict[Ask, list[str]] = {}
    for process in PROCESSES:
        for ask in asks_of(process):
            wanted.setdefault(ask, []).append(process)
    return "".join(
        f'      {{ service: "{ask.subject}"{", response_type: stream" if ask.streamed else ""}, '
        f"accounts: [{', '.join(processes)}] }}\n"
        for ask, processes in wanted.items()
    )


def _room(process: str, password: str) -> str:
    publish = f"allow: {_listed(may_publish(process))}, deny: {_listed(denied_to(process))}"
    user = f'{{ user: "{process}", password: "{password}", permissions: {{ publish: {{ {publish} }} }} }}'
    imports = "".join(
        f'      {{ service: {{ account: {BUS}, subject: "{ask.subject}" }}, to: "{ask.seen_as}" }}\n'
        for ask in asks_of(process)
    ) + "".join(
        f'      {{ stream: {{ account: {_publisher(subject)}, subject: "{subject}" }} }}\n'
        for subject in HEARS[process]
        if _publisher(subject) != process
    )
    exports = "".join(
        f'      {{ stream: "{subject}", accounts: [{", ".join(hearers)}] }}\n'
        for subject, hearers in _heard_of(process).items()
    )
    return _account(process, user, imports=imports, exports=exports)


def _account(name: str, user: str, *, imports: str = "", exports: str = "", more: str = "") -> str:
    lists = f"    imports: [\n{imports}    ]\n    exports: [\n{exports}    ]\n"
    return f"  {name} {{\n{more}    users: [ {user} ]\n{lists}  }}\n"


def _heard_of(process: str) -> dict[str, list[str]]:
    """Subjects of ``process`` -> who else hears them."""
    heard: dict[str, list[str]] = {}
    for hearer, subjects in HEARS.items():
        for subject in subjects:
            if _publisher(subject) == process and hearer != process:
                heard.setdefault(subject, []).append(hearer)
    return heard


def _publisher(subject: str) -> str:
    return subject.split(".")[1]


def _listed(subjects: list[str]) -> str:
    return "[" + ", ".join(f'"{subject}"' for subject in subjects) + "]"
