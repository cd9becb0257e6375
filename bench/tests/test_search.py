"""What the search is asked for: names that are told apart, slips that are slips, numbers for scanners."""

from bench.scenarios.search import ITEMS, QUESTIONS, dish_names, ean, questions_of
from bench.stage import MENU_ITEMS
from services.catalog.domain.item_number import barcode_errors, plu_errors


def test_no_two_of_five_thousand_items_are_alike() -> None:
    names = dish_names()
    assert len(names) + MENU_ITEMS == ITEMS
    assert len(set(names)) == len(names)


def test_each_question_means_one_item_and_no_slip_is_the_name_itself() -> None:
    names = dish_names()
    questions = questions_of(names)
    assert {len(asked) for asked in questions.values()} == {QUESTIONS}
    for text, name in questions["typo"]:
        assert text != name.lower()
        assert sorted(text) == sorted(name.lower())
    for text, _ in questions["plu"]:
        assert not list(plu_errors("plu", text))


def test_barcodes_are_those_that_a_scanner_takes() -> None:
    assert not [error for number in range(ITEMS) for error in barcode_errors("barcode", ean(number))]
    assert list(barcode_errors("barcode", ean(7)[:-1] + "x"))
