"""The cells of a menu file that tell options, from text to values and back where a sign needs a backslash.

As ``cells``: each function raises BadCell with what to write instead, in time that grows with the cell.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from services.catalog.domain.menu_file.cells import (
    MAX_PIECE_CHARACTERS,
    SHOWN_CHARACTERS,
    BadCell,
    allergens,
    pieces,
    signed_price,
    split,
)
from services.catalog.domain.option import (
    MAX_NESTED_GROUPS,
    MAX_OPTION_GROUPS,
    MAX_OPTIONS_PER_GROUP,
    MAX_STOCK_USE,
)

MAX_NESTED_IN_CELL = MAX_OPTION_GROUPS * MAX_NESTED_GROUPS
OFF = " off"
"""At the end of an option: it is not to be had."""
TRACES = "?"
"""Before an allergen: what it may hold traces of."""
PATH = ">"
"""Between a category and its item, and between the names that lead to a nested group."""

_CHOICES = re.compile(r"\s*(\d{1,3})\s*(?:-\s*(\d{1,3})\s*)?(?:\s(size)|\swith\s+(\d{1,2}))?\s*", re.ASCII)
_TAKES = re.compile(r"(\d{1,4})\s+(.+)", re.ASCII | re.DOTALL)
_PARTING = "\\|;:>{}"
_HIDDEN = {f"\\{sign}": chr(number) for number, sign in enumerate(_PARTING, start=1)}
"""While a cell is parted, what stands for an escaped sign: control characters, which no cell has."""
_SIGNS = str.maketrans({hidden: escape[1] for escape, hidden in _HIDDEN.items()})
_ESCAPE = re.compile(r"\\[\\|;:>{}]")
_TO_ESCAPE = re.compile(r"[\\|;:>{}]")


@dataclass(frozen=True, slots=True)
class FileItem:
    """An item as a file names it."""

    category: str
    name: str


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What stands in the braces of an option: it ``takes`` units of the item ``of``; the item that it is."""

    vat_class: str = ""
    takes: int = 0
    of: FileItem | None = None
    is_item: FileItem | None = None


@dataclass(frozen=True, slots=True)
class FileOption:
    """An option as the file names it. None: the file says nothing of it."""

    name: str
    price_delta_minor: int
    allergens: tuple[int, ...] | None = None
    available: bool | None = None
    may_contain: tuple[int, ...] | None = None
    facts: FileFacts | None = None


@dataclass(frozen=True, slots=True)
class FileGroup:
    """An option group as the file names it. ``ancillary_of``: the number of a group before it, 0 for none."""

    name: str
    min_choices: int
    max_choices: int
    options: tuple[FileOption, ...]
    is_size: bool = False
    ancillary_of: int = 0


@dataclass(frozen=True, slots=True)
class FileNested:
    """A group of the second level, and the option of which group opens it."""

    group: str
    option: str
    nested: FileGroup


def option_groups(text: str, digits: int) -> tuple[FileGroup, ...]:
    """``Size(1-1 size): Small=0; Large=1.50 | Extras(0-3): Cheese=0.80[milk, ?nuts]{vat cold_food} off``.

    (2) is (2-2), no amount is 0. A sign that parts anything stands in a name behind a backslash.
    """
    text = hidden(text)
    parts = split(text, "|", MAX_OPTION_GROUPS, "option groups") if text else []
    return tuple(_option_group(part, digits, before) for before, part in enumerate(parts))


def nested_groups(text: str, digits: int) -> tuple[FileNested, ...]:
    """``Side > Chips > Sauce(0-1): Ketchup=0; Mayonnaise=0.20``: what the option Chips of Side opens."""
    text = hidden(text)
    parts = split(text, "|", MAX_NESTED_IN_CELL, "nested option groups") if text else []
    return tuple(_nested(part, digits) for part in parts)


def escaped(name: str) -> str:
    """A name as it stands in these cells."""
    return _TO_ESCAPE.sub(r"\\\g<0>", name)


def hidden(text: str) -> str:
    """The text with something else for its escaped signs, until it is parted."""
    return _ESCAPE.sub(lambda found: _HIDDEN[found[0]], text)


def plain_name(text: str) -> str:
    """As a person wrote it, without backslashes."""
    return text.strip().translate(_SIGNS)


def _shown(text: str) -> str:
    return repr(plain_name(text)[:SHOWN_CHARACTERS])


def _nested(text: str, digits: int) -> FileNested:
    group, first, rest = text.partition(PATH)
    option, second, nested = rest.partition(PATH)
    if not (first and second and group.strip() and option.strip()):
        raise BadCell(
            f"write the way to a group, such as Side > Chips > Sauce(0-1): Mayo=0.20, not {_shown(text)}"
        )
    found = _option_group(nested.strip(), digits, 0)
    if found.is_size:
        raise BadCell("a size is asked on the first level: write it into the options")
    return FileNested(plain_name(group), plain_name(option), found)


def _option_group(text: str, digits: int, groups_before: int) -> FileGroup:
    head, colon, tail = text.partition(":")
    name, bracket, choices = head.strip().rpartition("(")
    match = _CHOICES.fullmatch(choices[:-1]) if len(choices) <= MAX_PIECE_CHARACTERS else None
    if match is None or not (colon and bracket and name.strip() and choices.endswith(")")):
        raise BadCell(f"write a group such as Size(1-1): Small=0; Large=1.50, not {_shown(text)}")
    least = int(match[1])
    most = int(match[2]) if match[2] is not None else least
    main = int(match[4] or 0)
    if main > groups_before or match[4] == "0":
        raise BadCell(f"{_shown(name)} follows a group before it: write the number of that group after with")
    found = pieces(tail, ";", MAX_OPTIONS_PER_GROUP, "options in a group")
    if not found:
        raise BadCell(f"name the options of {_shown(name)} after the colon, separated by semicolons")
    options = tuple(_option(piece, digits) for piece in found)
    return FileGroup(plain_name(name), least, most, options, match[3] is not None, main)


def _option(text: str, digits: int) -> FileOption:
    available = None
    if text.endswith(OFF) and "=" in text:
        text, available = text.removesuffix(OFF).rstrip(), False
    text, facts = _with_facts(text)
    text, contained, traces = _with_allergens(text)
    name, equals, amount = text.rpartition("=")
    if not equals:
        return FileOption(plain_name(text), 0, contained, None, traces)
    if not name.strip():
        raise BadCell(f"write a name before the amount of {_shown(text)}")
    try:
        delta = signed_price(amount.strip(), digits)
    except BadCell as error:
        raise BadCell(f"option {plain_name(name)!r}: {error}") from None
    return FileOption(plain_name(name), delta, contained, available, traces, facts)


def _with_allergens(text: str) -> tuple[str, tuple[int, ...] | None, tuple[int, ...] | None]:
    """``Pistachio=0.50[nuts, ?milk]`` without its brackets, and what they say; None without brackets."""
    if not text.endswith("]"):
        return text, None, None
    rest, bracket, said = text[:-1].rpartition("[")
    if not bracket or not rest.strip():
        raise BadCell(f"write an option such as Pistachio=0.50[nuts, milk], not {_shown(text)}")
    names = [name.strip() for name in said.replace(";", ",").split(",")]
    try:
        contained = allergens(",".join(name for name in names if not name.startswith(TRACES)))
        traces = allergens(",".join(name[1:] for name in names if name.startswith(TRACES)))
    except BadCell as error:
        raise BadCell(f"option {_shown(rest)}: {error}") from None
    return rest.strip(), contained, traces


def _with_facts(text: str) -> tuple[str, FileFacts | None]:
    """``Wine=3.00{vat alcohol}{takes 2 Drinks > Wine}`` without its braces, and what they say."""
    facts = None
    while text.endswith("}"):
        rest, brace, said = text[:-1].rpartition("{")
        if not brace or "=" not in rest:
            break
        facts = _fact(facts or FileFacts(), said.strip())
        text = rest.rstrip()
    return text, facts


def _fact(facts: FileFacts, said: str) -> FileFacts:
    word, _, rest = said.partition(" ")
    rest = rest.strip()
    if not said:
        return facts
    if word == "vat" and rest:
        return replace(facts, vat_class=plain_name(rest))
    if word == "is" and rest:
        return replace(facts, is_item=_item(rest))
    match = _TAKES.fullmatch(rest) if word == "takes" else None
    if match is None or not 1 <= int(match[1]) <= MAX_STOCK_USE:
        raise BadCell(
            "write {vat alcohol}, {takes 2 Drinks > Cola} or {is Mains > Burger} after an option, "
            f"not {_shown(said)}"
        )
    return replace(facts, takes=int(match[1]), of=_item(match[2]))


def _item(text: str) -> FileItem:
    names: Sequence[str] = [plain_name(part) for part in text.split(PATH)]
    if len(names) != 2 or not all(names):
        raise BadCell(f"write the category and the item, such as Drinks > Cola, not {_shown(text)}")
    return FileItem(names[0], names[1])
