"""The network between the processes, in user space: every connection of a client process to a server runs
through a link of its own, which can be cut, frozen, or frozen in the direction of the answers only.

The kernel has no tool for this without root; a proxy of our own needs none. It runs as a process of its own,
so that it keeps its time while the devices of a run are busy.
"""

import asyncio
import contextlib
import json
import multiprocessing
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any, Literal, cast

import uvloop

HOST = "127.0.0.1"
MAX_PAUSED_BYTES = 256 * 1024
"""What a link holds back of one connection before it stops reading."""
ANSWER_SECONDS = 10.0

Harm = Literal["cut", "freeze", "freeze_answers"]
HARMS: tuple[Harm, ...] = ("cut", "freeze", "freeze_answers")


@dataclass(frozen=True, slots=True)
class Link:
    """``client`` reaches ``server`` by connecting to ``listen`` instead of ``target``: ports of loopback."""

    client: str
    server: str
    listen: int
    target: int


@dataclass(slots=True)
class _Harmed:
    """What a link suffers at the moment, and which connections run over it."""

    link: Link
    harm: Harm | None = None
    pairs: "set[_Pair]" = field(default_factory=set)
    healing: asyncio.TimerHandle | None = None

    def suffer(self, harm: Harm, seconds: float) -> None:
        """Harms it now and heals it ``seconds`` later."""
        if self.healing is not None:
            self.healing.cancel()
        self.harm = harm
        if harm == "cut":
            for pair in list(self.pairs):
                pair.abort()
        self.healing = asyncio.get_running_loop().call_later(seconds, self.heal)

    def heal(self) -> None:
        """Everything held back goes on."""
        self.harm = self.healing = None
        for pair in list(self.pairs):
            pair.resume()

    def holds(self, *, answers: bool) -> bool:
        """Whether bytes of this direction wait."""
        return self.harm == "freeze" or (self.harm == "freeze_answers" and answers)


class _Pair:
    """One connection: both of its ends."""

    def __init__(self, harmed: _Harmed) -> None:
        self.harmed = harmed
        self.near = _End(self, answers=False)
        self.far = _End(self, answers=True)
        self.near.peer, self.far.peer = self.far, self.near

    def abort(self) -> None:
        for end in (self.near, self.far):
            if end.transport is not None:
                end.transport.abort()
        self.harmed.pairs.discard(self)

    def resume(self) -> None:
        for end in (self.near, self.far):
            end.flush()


class _End(asyncio.Protocol):
    """One side. What it reads goes to its peer; ``answers`` on the server's side."""

    peer: "_End"

    def __init__(self, pair: _Pair, *, answers: bool) -> None:
        self._pair = pair
        self._answers = answers
        self._held = bytearray()
        self._ended = False
        self.transport: asyncio.Transport | None = None
        self._connecting: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's is none by inheritance
        if self._answers:
            self.peer.flush()
            return
        harmed = self._pair.harmed
        if harmed.harm == "cut":
            self.transport.abort()
            return
        harmed.pairs.add(self._pair)
        self._connecting = asyncio.get_running_loop().create_task(self._connect())

    async def _connect(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            await loop.create_connection(lambda: self.peer, HOST, self._pair.harmed.link.target)
        except OSError:
            self._pair.abort()

    def data_received(self, data: bytes) -> None:
        self._held += data
        self.flush()
        if len(self._held) > MAX_PAUSED_BYTES and self.transport is not None:
            self.transport.pause_reading()

    def flush(self) -> None:
        """Hands over what may go, and the end of the stream behind it."""
        out = self.peer.transport
        if out is None or self._pair.harmed.holds(answers=self._answers):
            return
        if self._held:
            out.write(bytes(self._held))
            self._held.clear()
            if self.transport is not None and not self.transport.is_closing():
                self.transport.resume_reading()
        if self._ended and not out.is_closing():
            out.close()

    def pause_writing(self) -> None:
        if self.peer.transport is not None:
            self.peer.transport.pause_reading()

    def resume_writing(self) -> None:
        if self.peer.transport is not None and not self.peer.transport.is_closing():
            self.peer.transport.resume_reading()

    def eof_received(self) -> bool:
        self._ended = True
        self.flush()
        return True  # closed when the peer has everything

    def connection_lost(self, error: Exception | None) -> None:
        self._ended = True
        self._pair.harmed.pairs.discard(self._pair)
        if self.peer.transport is not None and not self.peer.transport.is_closing():
            if error is not None:
                self.peer.transport.abort()
            else:
                self.flush()
                self.peer.transport.close()


class Network:
    """The links of a system, for as long as the ``with`` block runs. Commands go to the process by a pipe."""

    def __init__(self, pipe: "Connection[Any, Any]") -> None:
        self._pipe = pipe

    def used(self) -> list[tuple[str, str]]:
        """(client, server) of the links over which a connection runs now."""
        self._pipe.send(("used",))
        return [(client, server) for client, server in self._answer()]

    def harm(self, client: str, server: str, harm: Harm, seconds: float) -> None:
        """Harms a link. It heals by itself."""
        self._pipe.send(("harm", client, server, harm, seconds))
        self._answer()

    def _answer(self) -> Any:
        if not self._pipe.poll(ANSWER_SECONDS):
            raise TimeoutError("the network between the processes does not answer")
        return self._pipe.recv()


@contextlib.contextmanager
def network(links: Sequence[Link]) -> Iterator[Network]:
    """Listens on every link. Raises OSError where a port is taken."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(list(links), theirs), daemon=True)
    process.start()
    theirs.close()
    try:
        if not ours.poll(ANSWER_SECONDS) or ours.recv() != "ready":
            raise OSError("the network between the processes could not listen on its ports")
        yield Network(ours)
    finally:
        ours.close()
        process.join(ANSWER_SECONDS)
        if process.is_alive():
            process.kill()


def _serve(links: Sequence[Link], pipe: "Connection[Any, Any]") -> None:
    uvloop.run(_run(links, pipe))


async def _run(links: Sequence[Link], pipe: "Connection[Any, Any]") -> None:
    loop = asyncio.get_running_loop()
    harmed = {(link.client, link.server): _Harmed(link) for link in links}
    for one in harmed.values():
        await loop.create_server(lambda it=one: _Pair(it).near, HOST, one.link.listen)  # type: ignore[misc]
    ended = asyncio.Event()

    def command() -> None:
        try:
            words = pipe.recv()
        except (EOFError, OSError):
            ended.set()
            loop.remove_reader(pipe.fileno())
            return
        if words[0] == "used":
            pipe.send([key for key, one in harmed.items() if one.pairs])
        else:
            _, client, server, harm, seconds = words
            harmed[client, server].suffer(harm, seconds)
            pipe.send(True)

    loop.add_reader(pipe.fileno(), command)
    pipe.send("ready")
    await ended.wait()


def links_between(clients: Sequence[str], servers: Mapping[str, int], ports: Iterator[int]) -> list[Link]:
    """A link from every client to every server, itself aside. ``ports``: free ones to listen on."""
    return [
        Link(client, server, next(ports), target)
        for client in clients
        for server, target in servers.items()
        if client != server
    ]


def written(links: Sequence[Link]) -> str:
    """What `supervise` reads: by client, the port to connect to instead of each target."""
    by_client: dict[str, dict[str, int]] = {}
    for link in links:
        by_client.setdefault(link.client, {})[str(link.target)] = link.listen
    return json.dumps(by_client)


def random_harm(rng: random.Random) -> Harm:
    """One of the three."""
    return rng.choice(HARMS)
