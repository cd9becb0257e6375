"""Finding items by what somebody types or scans at the till.

A barcode or a PLU finds exactly its item. Words find items that have all of them, in any order: whole,
begun, inside a longer word, and, where that finds little, misspelt. A word that is typed is held against the
words of the menu, not against its items: a menu of thousands of items has few words, and few of those
resemble it.
"""

import re
import unicodedata
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import nlargest
from itertools import chain, pairwise
from uuid import UUID

from services.catalog.domain.category import Category
from services.catalog.domain.item import Item
from services.catalog.domain.item_number import one_form

MAX_WORDS = 8
"""Of what is typed; more say nothing more."""
ENOUGH_FOUND = 3
"""With fewer items, words are also taken for misspelt."""
MAX_CANDIDATES = 64
"""Words of the menu, most alike first, that one typed word is compared with letter by letter."""
SHORTEST_INSIDE = 3
"""Letters that are looked for inside of words."""
SHORTEST_MISSPELT, SHORTEST_TWICE_MISSPELT = 4, 8
"""Letters of a word that may have one fault, and two."""
PAIRS_PER_FAULT = 3
"""Pairs of neighbours that one fault can change: two letters that changed places."""

WHOLE, BEGUN, INSIDE, MISSPELT, MISSPELT_BEGUN = 1.0, 0.8, 0.5, 0.6, 0.45
"""How well a word of the menu answers one that was typed."""
PER_LETTER_SHARE, PER_FAULT = 0.15, 0.15
IN_NAME, IN_CATEGORY, IN_DESCRIPTION = 1.0, 0.5, 0.3
RELEVANT_SHARE = 0.5
"""Of the best answer: what is worse than that is passed over, such as a description beside names."""
SAME_NAME, NAME_SHARE = 1.0, 0.2
"""For a name that is just what was typed, and for how much of the name was typed."""

_WITHOUT: dict[int, str | None] = dict.fromkeys(map(ord, "'\u2018\u2019\u02bc\u00b4`"))
_LETTERS: dict[int, str | None] = {
    ord(sign): letters
    for sign, letters in {
        "ø": "o",
        "đ": "d",
        "ð": "d",
        "ł": "l",
        "ı": "i",
        "þ": "th",
        "æ": "ae",
        "œ": "oe",
    }.items()
}
"""What no accent can be taken from."""
_WORDS = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|\d+|[^\W\d_]+")
"""Runs of letters and of digits; signs of Chinese and Japanese one by one, which are not parted by spaces."""
_LINKING = frozenset({"a", "and", "n", "of", "the", "with"})
_NUMBER = re.compile(r"[0-9][0-9 -]*", re.ASCII)


def folded(text: str) -> str:
    """Without case, accents and apostrophes: "Jalapeño" and "jalapeno" are the same."""
    plain = unicodedata.normalize("NFKD", text.translate(_WITHOUT)).casefold()
    bare = "".join(one for one in unicodedata.normalize("NFKD", plain) if unicodedata.category(one) != "Mn")
    return unicodedata.normalize("NFKC", bare.translate(_WITHOUT | _LETTERS))


def words_of(text: str) -> list[str]:
    """The words of a text, folded."""
    return _WORDS.findall(folded(text))


@dataclass(frozen=True, slots=True)
class FoundItem:
    """An item with what the menu says of it now; ``left`` to sell, None where it is not counted."""

    item: Item
    available: bool
    left: int | None


class MenuIndex:
    """The words of one menu. Built once, asked often; knows nothing of stock and hours."""

    def __init__(self, items: Mapping[UUID, Item], categories: Sequence[Category]) -> None:
        self._items = items
        self._categories = {each.id: each.name for each in categories}
        self._ids = list(items)
        self._barcodes = {item.barcode: item.id for item in items.values() if item.barcode}
        self._plus = {item.plu: item.id for item in items.values() if item.plu}
        self._names: list[list[str]] = []
        places: dict[str, dict[int, float]] = {}
        plain: set[str] = set()
        joined: dict[str, int] = {}
        in_category = {key: words_of(name) for key, name in self._categories.items()}
        for number, item in enumerate(items.values()):
            name, about = words_of(item.name), words_of(item.description)
            category = in_category.get(item.category_id, [])
            self._names.append(name)
            weighed = chain(
                ((word, IN_DESCRIPTION) for word in about),
                ((word, IN_CATEGORY) for word in category),
                ((word, IN_NAME) for word in name),
                # "cheeseburger" finds a cheese burger.
                ((first + second, IN_NAME) for first, second in pairwise(name)),
            )
            joined.update((first + second, len(first)) for first, second in pairwise(name))
            plain.update(about, category, name)
            for word, weight in weighed:
                there = places.setdefault(word, {})
                there[number] = max(weight, there.get(number, 0.0))
        self._words = sorted(places)
        self._places = [tuple(places[word].items()) for word in self._words]
        # Of two words that were joined the first one's letters find the item by themselves.
        self._firsts = [0 if word in plain else joined[word] for word in self._words]
        self._pairs: dict[str, list[int]] = {}
        for number, word in enumerate(self._words):
            for pair in set(_pairs(word)):
                self._pairs.setdefault(pair, []).append(number)

    def __len__(self) -> int:
        return len(self._ids)

    def tells(self, items: Mapping[UUID, Item], categories: Sequence[Category]) -> bool:
        """Whether a menu has the same words and numbers, whatever else changed in it."""
        if items is self._items:
            return {each.id: each.name for each in categories} == self._categories
        same = (
            len(items) == len(self._items)
            and {each.id: each.name for each in categories} == self._categories
            and all(_alike(item, self._items.get(item.id)) for item in items.values())
        )
        if same:
            self._items = items
        return same

    def find(self, typed: str, limit: int, on_sale: Callable[[UUID], bool]) -> list[UUID]:
        """Up to ``limit`` items, best first; of equals those first that are on sale."""
        number = typed.strip()
        if _NUMBER.fullmatch(number):
            number = number.replace(" ", "").replace("-", "")
            scanned = self._barcodes.get(one_form(number))
            if scanned is not None:
                return [scanned]
        words = [word for word in words_of(typed) if word not in _LINKING] or words_of(typed)
        words = words[:MAX_WORDS]
        found = self._ranked(self._scores(words, self._spelt), limit, on_sale)
        if len(found) < ENOUGH_FOUND:
            more = self._ranked(self._scores(words, self._misspelt), limit, on_sale)
            found += [each for each in more if each not in found]
        named = self._plus.get(number)
        if named is not None:
            found = [named, *(each for each in found if each != named)]
        return found[:limit]

    def _scores(
        self, words: Sequence[str], answers: Callable[[str], Iterable[tuple[int, float]]]
    ) -> dict[int, float]:
        """How well items that have all words answer them. ``answers``: the menu's words for a typed one."""
        totals: dict[int, float] = {}
        for index, word in enumerate(words):
            best: dict[int, float] = {}
            for number, how_well in answers(word):
                for place, weight in self._places[number]:
                    if how_well * weight > best.get(place, 0.0):
                        best[place] = how_well * weight
            totals = {
                place: score + totals.get(place, 0.0)
                for place, score in best.items()
                if index == 0 or place in totals
            }
        for place, total in totals.items():
            name = self._names[place]
            totals[place] = total / len(words) + NAME_SHARE * len(words) / max(len(name), len(words))
        relevant = RELEVANT_SHARE * max(totals.values(), default=0.0)
        return {
            place: total + (SAME_NAME if self._names[place] == words else 0.0)
            for place, total in totals.items()
            if total >= relevant
        }

    def _ranked(self, scores: Mapping[int, float], limit: int, on_sale: Callable[[UUID], bool]) -> list[UUID]:
        """The best ``limit``; what is equally good in the order of the menu, what is on sale first."""
        least = min(nlargest(limit, scores.values()), default=0.0)
        ranked = []
        for place, score in scores.items():
            if score >= least:
                item = self._items[self._ids[place]]
                ranked.append((-round(score, 6), not on_sale(item.id), item.position, item.name, item.id))
        return [each[-1] for each in sorted(ranked)[:limit]]

    def _spelt(self, typed: str) -> Iterator[tuple[int, float]]:
        """Words that are, begin with, or hold what was typed."""
        first = bisect_left(self._words, typed)
        after = first
        while after < len(self._words) and self._words[after].startswith(typed):
            word = self._words[after]
            if len(typed) > self._firsts[after]:
                yield after, WHOLE if word == typed else BEGUN + PER_LETTER_SHARE * len(typed) / len(word)
            after += 1
        if len(typed) >= SHORTEST_INSIDE:
            for number, word in enumerate(self._words):
                if typed in word and not first <= number < after and not self._firsts[number]:
                    yield number, INSIDE + PER_LETTER_SHARE * len(typed) / len(word)

    def _misspelt(self, typed: str) -> Iterator[tuple[int, float]]:
        """The same, and words that differ by a fault or two."""
        yield from self._spelt(typed)
        most = (len(typed) >= SHORTEST_MISSPELT) + (len(typed) >= SHORTEST_TWICE_MISSPELT)
        if not most or typed.isdecimal():
            return
        pairs = _pairs(typed)
        alike = Counter(chain.from_iterable(self._pairs.get(pair, ()) for pair in pairs))
        least = max(1, len(pairs) - PAIRS_PER_FAULT * most)
        likely = (
            (shared / (len(typed) + len(self._words[number])), number)
            for number, shared in alike.items()
            if shared >= least and len(typed) > self._firsts[number]
        )
        for _, number in nlargest(MAX_CANDIDATES, likely):
            whole, begun = faults(typed, self._words[number], most)
            if 0 < whole <= most:
                yield number, MISSPELT - PER_FAULT * whole
            elif 0 < begun <= most:
                yield number, MISSPELT_BEGUN - PER_FAULT * begun


def faults(typed: str, word: str, most: int) -> tuple[int, int]:
    """How many letters are wrong, missing, too many or have changed places with their neighbour (optimal
    string alignment): against the whole word, and against its best beginning. More than ``most`` is
    ``most + 1``.
    """
    too_many = most + 1
    width = min(len(word), len(typed) + most)
    before: list[int] = []
    row = [min(column, too_many) for column in range(width + 1)]
    for index, letter in enumerate(typed, start=1):
        last, before = before, row
        row = [min(index, too_many)] + [too_many] * width
        for column in range(max(1, index - most), min(width, index + most) + 1):
            cost = before[column - 1] + (word[column - 1] != letter)
            cost = min(cost, before[column] + 1, row[column - 1] + 1)
            if index > 1 < column and letter == word[column - 2] and typed[index - 2] == word[column - 1]:
                cost = min(cost, last[column - 2] + 1)
            row[column] = min(cost, too_many)
        if min(row) > most:
            return too_many, too_many
    return (row[width] if width == len(word) else too_many), min(row)


def _pairs(word: str) -> list[str]:
    """Each two letters that stand together, and the first with nothing before it."""
    return [f"^{word[:1]}", *map("".join, pairwise(word))]


def _alike(item: Item, other: Item | None) -> bool:
    return item is other or (
        other is not None
        and (item.name, item.description, item.category_id, item.barcode, item.plu)
        == (other.name, other.description, other.category_id, other.barcode, other.plu)
    )
