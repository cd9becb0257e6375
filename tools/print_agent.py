"""Prints what the restaurant's queue holds on network printers (ESC/POS over TCP):

    FYNLO_PRINT_PASSWORD=... python -m tools.print_agent https://pos.example till@casa.example \
        --printer "Bar=192.168.1.50" --printer "Grill=192.168.1.51:9100"

It runs in the house, where the printers are, and needs nothing but REST and somebody's log-in. A job is
printed when its printer says so: a status is asked for behind the last byte (GS r 1), and a printer that does
not answer in time has failed. ``--silent`` names printers that know no such answer; for them sent is printed.
Source: Epson, ESC/POS Command Reference.
"""

import asyncio
import base64
import contextlib
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import typer
from pydantic_settings import BaseSettings, SettingsConfigDict

from tools.api import Device, Refused, Unanswered, http_client

PORT = 9100
CONNECT_SECONDS = 5.0
WRITE_SECONDS = 15.0
"""Also for the status: a printer that is out of paper takes no more, and says nothing."""
IDLE_SECONDS = 1.0
ASK_STATUS = b"\x1dr\x01"
ERROR_CHARS_MAX = 200


class PrinterFailed(Exception):
    """The paper did not come out, as far as anybody knows."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a printer listens; ``silent``: it answers no status."""

    host: str
    port: int = PORT
    silent: bool = False


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a printer is waited for."""

    connect_seconds: float = CONNECT_SECONDS
    write_seconds: float = WRITE_SECONDS


async def print_bytes(address: Address, payload: bytes, patience: Patience = Patience()) -> None:
    """Sends the bytes and waits until the printer has worked them off. Raises PrinterFailed."""
    try:
        async with asyncio.timeout(patience.connect_seconds):
            reader, writer = await asyncio.open_connection(address.host, address.port)
    except TimeoutError as error:
        raise PrinterFailed("the printer did not take the call in time") from error
    except OSError as error:
        raise PrinterFailed(f"the printer cannot be reached: {error.strerror or error}") from error
    try:
        async with asyncio.timeout(patience.write_seconds):
            writer.write(payload if address.silent else payload + ASK_STATUS)
            await writer.drain()
            if not address.silent and not await reader.read(1):
                raise PrinterFailed("the printer hung up before it was done")
    except TimeoutError as error:
        raise PrinterFailed("the printer did not say in time that it is done") from error
    except OSError as error:
        raise PrinterFailed(f"the printer hung up: {error.strerror or error}") from error
    finally:
        writer.close()
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(patience.connect_seconds):
                await writer.wait_closed()


class Agent:
    """Takes the jobs of some printers of a restaurant, one after another for each."""

    def __init__(
        self, device: Device, printers: Mapping[str, Address], patience: Patience = Patience()
    ) -> None:
        self._device = device
        self._printers = printers
        self._patience = patience

    async def run(self) -> None:
        """Until it is cancelled. Raises Refused: the log-in, or printers of other names."""
        await self._device.log_in()
        ids = await self.printer_ids()
        await asyncio.gather(
            *(self._serve(printer_id, self._printers[name]) for name, printer_id in ids.items())
        )

    async def printer_ids(self) -> dict[str, str]:
        """The ids of its printers by their names. Raises ValueError where one has no id."""
        known = {one["name"]: one["id"] for one in (await self._device.get("/api/v2/printers"))["items"]}
        if missing := sorted(self._printers.keys() - known.keys()):
            raise ValueError(
                f"the restaurant has no printer called {', '.join(missing)}; it has {sorted(known)}"
            )
        return {name: known[name] for name in self._printers}

    async def print_next(self, printer_id: str, address: Address) -> dict[str, Any] | None:
        """Takes one job, prints it and says what became of it; None where none is due. Raises Refused,
        Unanswered."""
        taken = await self._device.post("/api/v2/print-jobs/claim", {"printer_ids": [printer_id]})
        job = taken["job"]
        if job is None:
            return None
        said: dict[str, Any] = {"attempt": job["attempts"], "printed": True}
        try:
            await print_bytes(address, base64.b64decode(taken["payload"]), self._patience)
        except PrinterFailed as failure:
            said |= {"printed": False, "error": str(failure)[:ERROR_CHARS_MAX]}
        answer: dict[str, Any] = await self._device.post(f"/api/v2/print-jobs/{job['id']}/ack", said)
        outcome = "printed" if said["printed"] else said["error"]
        print(f"{job['printer_name']}: {job['title']}: {outcome}", flush=True)
        return answer

    async def _serve(self, printer_id: str, address: Address) -> None:
        while True:
            try:
                job = await self.print_next(printer_id, address)
            except (Refused, Unanswered) as problem:
                # A job that is lost by this may be taken again: its minute ends.
                print(problem, file=sys.stderr, flush=True)
                job = None
            if job is None:
                await asyncio.sleep(IDLE_SECONDS)


def addresses(named: Sequence[str], silent: Sequence[str]) -> dict[str, Address]:
    """``Bar=192.168.1.50:9100`` by name. Raises ValueError."""
    found = {}
    for one in named:
        name, _, where = one.partition("=")
        host, _, port = where.partition(":")
        if not (name and host) or (port and not port.isdecimal()):
            raise ValueError(f"{one}: write NAME=HOST or NAME=HOST:PORT")
        found[name] = Address(host, int(port or PORT), name in silent)
    return found


class PrintAgentSettings(BaseSettings):
    """The password of whoever the agent logs in as; never on the command line, where others see it."""

    model_config = SettingsConfigDict(env_prefix="FYNLO_PRINT_")
    password: str


def main(
    base_url: str,
    email: str,
    printer: Annotated[list[str], typer.Option(help="NAME=HOST or NAME=HOST:PORT")],
    silent: Annotated[list[str] | None, typer.Option(help="NAME of one that answers no status")] = None,
    device_id: str = "print-agent",
) -> None:
    """Prints until it is stopped."""
    password = PrintAgentSettings().password  # type: ignore[call-arg] # from the environment

    async def run() -> None:
        async with http_client() as http:
            await Agent(
                Device(base_url.rstrip("/"), http, email, password, device_id),
                addresses(printer, silent or []),
            ).run()

    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(run())


if __name__ == "__main__":
    typer.run(main)
