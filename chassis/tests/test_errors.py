from chassis.errors import Conflict, FieldError, InvalidArgument, Kind, Problem, ResourceExhausted


class LineAlreadyFired(Conflict):
    """The kitchen has the line."""


class PINRefused(Conflict):
    reason = "PIN_REFUSED_BY_RULE"


def test_a_domain_error_names_its_reason_after_itself_and_keeps_the_kind_of_its_family() -> None:
    error = LineAlreadyFired(metadata={"allowed": "void"})
    assert (error.reason, error.kind, error.metadata) == (
        "LINE_ALREADY_FIRED",
        Kind.CONFLICT,
        {"allowed": "void"},
    )
    assert error.detail == "Line already fired"


def test_a_reason_given_by_the_class_or_the_raise_wins() -> None:
    assert PINRefused().reason == "PIN_REFUSED_BY_RULE"
    assert Conflict(reason="TILL_CLOSED").reason == "TILL_CLOSED"
    assert Conflict().reason == "CONFLICT"


def test_every_family_has_a_kind_of_its_own() -> None:
    families = [one for one in Problem.__subclasses__() if one.__module__ == Problem.__module__]
    kinds = [family.kind for family in families]
    assert len(kinds) == len(set(kinds)) == len(Kind) - 1  # INTERNAL is Problem itself


def test_field_errors_are_kept_in_order() -> None:
    first, second = (
        FieldError("lines[0].quantity", "GTE", "at least 1"),
        FieldError("note", "MAX_LEN", "too long"),
    )
    assert InvalidArgument("two fields", fields=[first, second]).fields == (first, second)


def test_too_many_says_when_to_come_back() -> None:
    assert ResourceExhausted("slow down", retry_after_seconds=7).metadata == {"retry_after_seconds": "7"}
