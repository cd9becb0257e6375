"""Fixtures of auth's tests."""

import pytest

from harness.fixtures import OpenDatabase
from services.auth.tests.builders import POOL_SIZE, Town, context, new_town


@pytest.fixture
async def town(service_database: OpenDatabase) -> Town:
    """A platform of its own on the real database."""
    return await new_town(context(await service_database("auth", pool_size=POOL_SIZE)))
