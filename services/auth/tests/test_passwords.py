"""Which passwords are accepted, and how they are kept."""

import pytest
from argon2 import PasswordHasher, extract_parameters

from services.auth.domain.account import normalised_email
from services.auth.domain.password import WeakPassword, require_strong
from services.auth.passwords import FORMER, Passwords, breached_passwords
from services.auth.tests.builders import CHEAP, PASSWORD

EMAIL = "gabriela@example.test"


def refuse(password: str) -> str:
    """Why a password is refused."""
    with pytest.raises(WeakPassword) as refused:
        require_strong(password, email=EMAIL, field="password", breached=breached_passwords())
    [error] = refused.value.fields
    return error.code


@pytest.mark.parametrize("password", ["", "short", "elevenchars", "e\u0301levenchars"])
def test_fewer_than_twelve_characters_are_too_short(password: str) -> None:
    assert refuse(password) == "TOO_SHORT"


@pytest.mark.parametrize(
    "password",
    [
        "password1234",
        "PASSWORD1234",
        "123456789012",
        "qwertyuiop123",
        "liverpool123",
        "1q2w3e4r5t6y",
        "a" * 40,
    ],
)
def test_breached_passwords_are_refused_in_any_case(password: str) -> None:
    assert refuse(password) == "BREACHED"


def test_the_own_address_is_no_password() -> None:
    assert refuse(EMAIL.upper()) == "IS_EMAIL"


@pytest.mark.parametrize(
    "password", ["lunch-at-noon-2026", "kortkortkort", "ᚠᛇᚻ᛫ᛒᛦᚦ᛫ᚠᚱᚩᚠᚢᚱ", "no digits no capitals"]
)
def test_no_composition_is_asked_for(password: str) -> None:
    require_strong(password, email=EMAIL, field="password", breached=breached_passwords())


def test_the_list_holds_thousands_and_every_entry_counts() -> None:
    assert len(breached_passwords()) >= 3000
    assert all(len(each) >= 12 and each == each.casefold() for each in breached_passwords())


async def test_hashes_are_argon2id_at_the_minimum_that_owasp_names() -> None:
    passwords = Passwords()
    stored = await passwords.hash(PASSWORD)
    assert stored.startswith("$argon2id$")
    cost = extract_parameters(stored)
    assert (cost.memory_cost, cost.time_cost, cost.parallelism) == (19 * 1024, 2, 1)
    assert await passwords.verify(stored, PASSWORD)
    assert await passwords.renewed(stored, PASSWORD) is None
    await passwords.close()


async def test_what_the_library_has_by_default_is_among_the_costs_that_are_stored() -> None:
    passwords = Passwords()
    assert extract_parameters(FORMER[0].hash(PASSWORD)) == extract_parameters(PasswordHasher().hash(PASSWORD))
    renewed = await passwords.renewed(PasswordHasher().hash(PASSWORD), PASSWORD)
    assert renewed is not None
    assert await passwords.renewed(renewed, PASSWORD) is None
    await passwords.close()


async def test_a_password_fits_however_the_keyboard_composed_it() -> None:
    passwords = Passwords(hasher=CHEAP, former=())
    stored = await passwords.hash("crème brûlée 42")
    assert await passwords.verify(stored, "crème brûlée 42")
    assert not await passwords.verify(stored, "creme brulee 42")
    assert not await passwords.verify("not a hash", "crème brûlée 42")


async def test_the_decoy_fits_nobody() -> None:
    assert not await Passwords(hasher=CHEAP, former=()).verify(None, "nobody has this password")


def test_addresses_have_one_spelling() -> None:
    assert normalised_email("  Mia.Müller@EXAMPLE.test ") == "mia.müller@example.test"
