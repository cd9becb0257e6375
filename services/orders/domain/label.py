"""What things are called, and when two are called the same."""

import unicodedata

from chassis.errors import FieldError, InvalidArgument


def name_key(name: str) -> str:
    """What two names are compared by: compatibility forms, case and blanks do not make a difference."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def label_of(text: str) -> str:
    """What something is called, without blanks around it. Raises InvalidArgument (VALIDATION_FAILED)."""
    label = text.strip()
    if not label:
        error = FieldError("name", "VALIDATION_FAILED", "A name has at least one letter or figure.")
        raise InvalidArgument("A name is needed.", reason="VALIDATION_FAILED", fields=[error])
    return label
