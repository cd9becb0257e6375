"""Small real mail servers on loopback, SMTP (RFC 5321) and Resend's POST /emails, which answer as told."""

import asyncio
import email
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import policy
from enum import StrEnum


class Mood(StrEnum):
    """What the server does with the next letter."""

    TAKES = "takes"
    BUSY = "busy"
    REFUSES = "refuses"
    HANGS_UP = "hangs up"
    OURS = "does not know our log-in"


@dataclass(slots=True)
class Received:
    """A letter as it arrived. ``id`` is what the server knows a repetition by."""

    recipient: str
    subject: str
    text: str
    id: str


@dataclass(slots=True)
class Server:
    """A running server."""

    port: int = 0
    mood: Mood = Mood.TAKES
    letters: list[Received] = field(default_factory=list)
    key: str = ""
    """The credential that the last caller showed."""


SMTP_ANSWERS = {
    Mood.BUSY: b"451 4.3.0 try again\r\n",
    Mood.REFUSES: b"550 5.1.1 no such mailbox\r\n",
    Mood.OURS: b"530 5.7.0 authentication required\r\n",
}


@asynccontextmanager
async def smtp_server() -> AsyncIterator[Server]:
    """Speaks as much SMTP as a client needs."""
    server = Server()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 here\r\n")
        recipient = ""
        while line := (await reader.readline()).strip():
            verb = line.upper().split(b":")[0]
            if verb.startswith((b"EHLO", b"HELO")):
                writer.write(b"250 here\r\n")
            elif verb == b"RCPT TO":
                recipient = line.decode().partition("<")[2].partition(">")[0]
                if server.mood is Mood.HANGS_UP:
                    break
                writer.write(SMTP_ANSWERS.get(server.mood, b"250 ok\r\n"))
            elif verb == b"DATA":
                writer.write(b"354 go on\r\n")
                server.letters.append(_parsed(recipient, await reader.readuntil(b"\r\n.\r\n")))
                writer.write(b"250 taken\r\n")
            elif verb == b"QUIT":
                writer.write(b"221 bye\r\n")
                break
            else:
                writer.write(b"250 ok\r\n")
        writer.close()

    listening = await asyncio.start_server(talk, "127.0.0.1", 0)
    server.port = listening.sockets[0].getsockname()[1]
    async with listening:
        yield server


HTTP_ANSWERS = {Mood.TAKES: 200, Mood.BUSY: 429, Mood.REFUSES: 422, Mood.OURS: 401}


@asynccontextmanager
async def resend_server() -> AsyncIterator[Server]:
    """Speaks as much HTTP as a client needs."""
    server = Server()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await _head(reader):
            first, *lines = head.decode().split("\r\n")
            fields = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
            body = json.loads(await reader.readexactly(int(fields["content-length"])))
            if server.mood is Mood.HANGS_UP:
                break
            server.key = fields["authorization"]
            status = HTTP_ANSWERS[server.mood] if first.startswith("POST /emails ") else 404
            if status == 200:
                [recipient] = body["to"]
                letter = Received(recipient, body["subject"], body["text"], fields["idempotency-key"])
                server.letters.append(letter)
            writer.write(
                b"HTTP/1.1 %d x\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}" % status
            )
        writer.close()

    listening = await asyncio.start_server(talk, "127.0.0.1", 0)
    server.port = listening.sockets[0].getsockname()[1]
    async with listening:
        yield server


async def _head(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return b""


def _parsed(recipient: str, raw: bytes) -> Received:
    message = email.message_from_bytes(raw.removesuffix(b".\r\n"), policy=policy.default)
    text = message.get_content().replace("\r\n", "\n")
    return Received(recipient, message["Subject"], text, message["Message-ID"])
