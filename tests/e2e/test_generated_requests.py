"""Requests that nobody thought of, made from the document: each is answered as it says, none by a fault."""

import asyncio
import sys

from tests.conftest import People
from tests.system import System

EXAMPLES_EACH = 3
RUN_SECONDS = 180
CHECKS = (
    "not_a_server_error,content_type_conformance,response_schema_conformance,status_code_conformance,"
    "unsupported_method"
)
# They would end the session that the run works with, or spend its time on password hashes.
LEFT_OUT = ("/api/v2/auth/logout", "/api/v2/auth/login", "/api/v2/auth/refresh", "/api/v2/auth/password")


async def test_generated_requests_are_answered_as_the_document_says(system: System, people: People) -> None:
    # The second restaurant: whatever is made there is in no other test's way.
    stranger = await people.stranger()
    command = [sys.executable, "-m", "schemathesis.cli", "run", f"{system.base_url}/openapi.json"]
    command += ["--max-examples", str(EXAMPLES_EACH), "--phases", "examples,fuzzing", "--checks", CHECKS]
    command += ["--header", f"Authorization: Bearer {stranger.access_token}", "--seed", "1", "--no-color"]
    command += ["--mode", "all", "--request-retries", "2", "--generation-database", "none"]
    command += [word for path in LEFT_OUT for word in ("--exclude-path", path)]
    async with asyncio.timeout(RUN_SECONDS):
        run = await asyncio.create_subprocess_exec(
            *command, cwd=system.data_dir, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        told = (await run.communicate())[0].decode(errors="replace")
    assert run.returncode == 0, told[-6_000:]
    assert " passed" in told
