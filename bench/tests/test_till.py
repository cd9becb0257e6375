"""The bar of a log-in is the cost of one hash: no other work counts as one."""

from argon2 import PasswordHasher

from bench.scenarios.till import hashing
from services.auth.passwords import Passwords

CHEAP = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)


async def test_a_right_password_costs_one_hash_where_its_cost_is_measured() -> None:
    passwords = Passwords(cores=2, hasher=CHEAP)
    try:
        found = await hashing(passwords, 3, 5)
    finally:
        await passwords.close()
    assert passwords.hashes_computed == 1 + 3 + 5
    assert min(found["hash_ms"], found["crowd_ms"]) > 0
