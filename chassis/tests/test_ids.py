import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from chassis.errors import InvalidArgument
from chassis.ids import derived_id, new_id, parse_id


def test_ids_made_one_after_another_are_in_order_and_distinct() -> None:
    made = [new_id() for _ in range(20_000)]
    assert made == sorted(set(made))


def test_ids_made_by_threads_are_distinct() -> None:
    with ThreadPoolExecutor(8) as pool:
        made = [
            one for batch in pool.map(lambda _: [new_id() for _ in range(2_000)], range(8)) for one in batch
        ]
    assert len(set(made)) == len(made)


def test_an_id_is_a_version_7_uuid_of_the_present_millisecond() -> None:
    before = time.time_ns() // 1_000_000
    made = new_id()
    assert made.version == 7
    assert made.variant == "specified in RFC 4122"
    assert before <= (made.int >> 80) <= before + 1_000


def test_an_id_survives_its_text() -> None:
    made = new_id()
    assert parse_id(str(made)) == made


@pytest.mark.parametrize("text", ["", "42", "zz" * 16, "../../etc/passwd"])
def test_text_that_is_no_id_is_an_invalid_argument(text: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        parse_id(text)
    assert caught.value.reason == "INVALID_ID"


def test_a_derived_id_is_the_same_for_the_same_parts_and_no_others() -> None:
    made = derived_id("a", b"bc", 1)
    assert made == derived_id("a", b"bc", 1)
    assert (made.version, made.variant) == (8, "specified in RFC 4122")
    assert len({made, derived_id("ab", b"c", 1), derived_id("a", b"bc", 2), derived_id("a", b"bc1")}) == 4
