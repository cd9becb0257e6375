"""Customers: who they are, how they are reached and found, and whether they agreed to be written to."""

import re
import unicodedata
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

import phonenumbers

from services.orders.domain.paper_errors import ConsentSourceNeeded, UnreadablePhone

COUNTRY_DEFAULT = "GB"
SEARCH_WORDS_MAX = 8
"""Of what somebody looks for; the rest is not looked at."""
_NOT_OF_A_PHONE = re.compile(r"[^0-9+() ./-]")
_DIGITS_MIN = 3
"""What is shorter is looked for as a word."""
INTERNATIONAL = "00"


@dataclass(frozen=True, slots=True)
class Consent:
    """That somebody agreed to be written to: since when, and where they said so."""

    at: datetime
    source: str


@dataclass(frozen=True, slots=True)
class Customer:
    """``phone`` is E.164 or empty, ``email`` in lower case or empty."""

    id: UUID
    name: str
    phone: str
    email: str
    address: str
    vat_number: str
    notes: str
    consent: Consent | None
    created_at: datetime
    version: int

    @property
    def words(self) -> tuple[str, ...]:
        """What it is found by, each from its beginning: the name whole and its parts, the telephone number
        with and without the country, the address of mail.
        """
        name = folded(self.name)
        found = {name, *name.split(), *_phone_words(self.phone), _letters(self.email)}
        return tuple(sorted(word for word in found if word))


@dataclass(frozen=True, slots=True)
class WantedCustomer:
    """As a client writes it. ``version`` is what it saw, 0 for a new one."""

    id: UUID
    name: str
    phone: str
    email: str
    address: str
    vat_number: str
    notes: str
    consents: bool
    consent_source: str
    version: int


def saved(wanted: WantedCustomer, known: Customer | None, country_code: str, at: datetime) -> Customer:
    """The customer as it is kept. A consent that stands keeps its time and source; one that is taken back is
    gone. Raises UnreadablePhone, ConsentSourceNeeded.
    """
    before = None if known is None else known.consent
    consent = None
    if wanted.consents:
        source = wanted.consent_source or (before.source if before is not None else "")
        if not source:
            raise ConsentSourceNeeded()
        consent = before if before is not None and before.source == source else Consent(at, source)
    return Customer(
        id=wanted.id,
        name=wanted.name,
        phone=normal_phone(wanted.phone, country_code),
        email=wanted.email.strip().lower(),
        address=wanted.address,
        vat_number=wanted.vat_number,
        notes=wanted.notes,
        consent=consent,
        created_at=at if known is None else known.created_at,
        version=1 if known is None else known.version + 1,
    )


def erased(customer: Customer) -> Customer:
    """Nobody any more: what refers to it leads to nobody."""
    return replace(
        customer,
        name="",
        phone="",
        email="",
        address="",
        vat_number="",
        notes="",
        consent=None,
        version=customer.version + 1,
    )


def normal_phone(text: str, country_code: str) -> str:
    """In E.164; a number without a country code is one of ``country_code``. Raises UnreadablePhone."""
    if not text.strip():
        return ""
    try:
        number = phonenumbers.parse(text, country_code or COUNTRY_DEFAULT)
    except phonenumbers.NumberParseException as error:
        raise UnreadablePhone() from error
    if not phonenumbers.is_possible_number(number) or number.extension:
        raise UnreadablePhone()
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def search_words(text: str) -> tuple[str, ...]:
    """What somebody types, in the words that customers are found by: each is the beginning of one. The first
    is the whole of it."""
    digits = "".join(one for one in text if one.isdecimal() and one.isascii())
    if len(digits) >= _DIGITS_MIN and not _NOT_OF_A_PHONE.search(text):
        foreign = text.strip().startswith(INTERNATIONAL)
        return (digits.removeprefix(INTERNATIONAL) if foreign else digits,)
    whole = folded(text)
    parts = [word for word in whole.split() if word != whole]
    return tuple(word for word in (whole, *parts[:SEARCH_WORDS_MAX]) if word)


def folded(text: str) -> str:
    """Words without case, accents and punctuation: O'Brien is ``obrien``, Smith-Jones ``smith jones``."""
    apart = re.sub(r"[\s‐-―-]+", " ", text)
    return " ".join(word for word in map(_letters, apart.split(" ")) if word)


def _letters(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(one for one in decomposed if one.isalnum() or one == "@")


def _phone_words(phone: str) -> list[str]:
    if not phone:
        return []
    number = phonenumbers.parse(phone, None)
    national = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)
    return [phone.removeprefix("+"), "".join(one for one in national if one.isdecimal())]
