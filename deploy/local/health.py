"""Asks a process whether it serves."""

import asyncio

PROBE_TIMEOUT_SECONDS = 2.0


async def answers_ready(host: str, port: int) -> bool:
    """Whether `GET /ready` on the admin port answers 200. False while nothing listens there."""
    try:
        async with asyncio.timeout(PROBE_TIMEOUT_SECONDS):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                writer.write(f"GET /ready HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
                return b" 200 " in await reader.readline()
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return False
