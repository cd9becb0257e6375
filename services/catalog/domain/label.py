"""The names of what stands on a menu, and its place there."""

import unicodedata
from collections.abc import Iterator, Sequence

from chassis.errors import FieldError
from services.catalog.domain.errors import InvalidMenu

MAX_NAME_CHARACTERS = 120
MAX_POSITION = 1_000_000


def name_key(name: str) -> str:
    """What two names are compared by: compatibility forms, case and blanks do not make a difference."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def name_errors(path: str, name: str) -> list[FieldError]:
    """What is wrong with a name that stands at ``path``."""
    if not name.strip():
        return [FieldError(path, "required", "a name is needed")]
    if len(name) > MAX_NAME_CHARACTERS:
        return [FieldError(path, "too_long", f"at most {MAX_NAME_CHARACTERS} characters")]
    if any(unicodedata.category(character) == "Cc" for character in name):
        return [FieldError(path, "control_character", "no control characters")]
    return []


def position_errors(path: str, position: int) -> list[FieldError]:
    """What is wrong with a place in a list."""
    if 0 <= position <= MAX_POSITION:
        return []
    return [FieldError(f"{path}.position", "out_of_range", f"0 to {MAX_POSITION}")]


def repeated_names(path: str, names: Sequence[str]) -> Iterator[FieldError]:
    """Each name that is there already."""
    seen: set[str] = set()
    for index, name in enumerate(names):
        key = name_key(name)
        if key in seen:
            yield FieldError(f"{path}[{index}].name", "repeated", f"{name!r} is there twice")
        seen.add(key)


def refuse(errors: Sequence[FieldError]) -> None:
    """Raises InvalidMenu where there are any, with all of them."""
    if errors:
        first = errors[0]
        raise InvalidMenu(f"{first.field}: {first.detail}", fields=errors)
