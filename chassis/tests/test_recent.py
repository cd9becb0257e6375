"""What is remembered is bounded, and the oldest goes."""

from chassis.recent import Recent


def test_what_was_set_longest_ago_is_forgotten_first() -> None:
    known: Recent[str, int] = Recent(2)
    known["a"], known["b"], known["a"], known["c"] = 1, 2, 3, 4
    assert list(known.items()) == [("a", 3), ("c", 4)]


def test_what_is_used_can_be_kept_longer() -> None:
    known: Recent[str, int] = Recent(2)
    known["a"], known["b"] = 1, 2
    known.move_to_end("a")
    known.setdefault("c", 3)
    assert list(known) == ["a", "c"]
