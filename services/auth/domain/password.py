"""Which passwords are accepted. No composition rules (NIST SP 800-63B 5.1.1.2, ASVS 5.0 6.2): length, and not
a password that every list of breached ones begins with.
"""

import unicodedata
from collections.abc import Collection

from chassis.errors import FieldError, Unprocessable
from services.auth.domain.account import normalised_email

PASSWORD_MIN_CHARS = 12


class WeakPassword(Unprocessable):
    """The password is too easy to guess; ``fields`` says why."""


class PasswordRequired(Unprocessable):
    """A password must be given: a new one, or that of the account."""


class PasswordMismatch(Unprocessable):
    """The address has an account, and this is not its password."""


class CurrentPasswordWrong(Unprocessable):
    """The present password is not this one."""


def normalised_password(password: str) -> str:
    """The same text however a keyboard composed it (NFKC)."""
    return unicodedata.normalize("NFKC", password)


def require_strong(password: str, *, email: str, field: str, breached: Collection[str]) -> None:
    """Raises WeakPassword for fewer than 12 characters, a breached password (any case), a repeated character
    or the address itself. ``field`` is how the request calls it; ``breached`` holds lower-case passwords.
    """
    text = normalised_password(password)
    folded = text.casefold()
    local_part = normalised_email(email).partition("@")[0]
    if len(text) < PASSWORD_MIN_CHARS:
        raise _weak(field, "TOO_SHORT", f"at least {PASSWORD_MIN_CHARS} characters")
    if folded in breached or len(set(folded)) <= 2:
        raise _weak(field, "BREACHED", "this password is in every list of breached ones")
    if folded in (normalised_email(email), local_part, local_part * 2):
        raise _weak(field, "IS_EMAIL", "the address is no password")


def _weak(field: str, code: str, detail: str) -> WeakPassword:
    return WeakPassword(f"The password is too weak: {detail}.", fields=[FieldError(field, code, detail)])
