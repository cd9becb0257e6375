"""Finding items in a menu of five thousand: by a name with a slip of the finger, by its beginning, by what a
scanner reads and by what somebody keys in.
"""

import asyncio
import itertools
import random
from urllib.parse import quote

from bench.bars import Account
from bench.drive import asked_alone
from bench.stage import MENU_ITEMS, Place, Stage, imported
from tools.api import http_client

ITEMS = 5_000
SEED = 5
QUESTIONS = 60
SECONDS = 4.0
CATEGORY_ITEMS = 100
WAYS = ("Grilled", "Roast", "Smoked", "Fried", "Braised", "Baked", "Pickled", "Poached", "Cured", "Charred")
GOODS = (
    *("Salmon", "Chicken", "Aubergine", "Halloumi", "Mushroom", "Lamb", "Mackerel", "Cauliflower", "Pork"),
    *(
        "Beetroot",
        "Duck",
        "Courgette",
        "Sardine",
        "Turkey",
        "Celeriac",
        "Venison",
        "Octopus",
        "Tofu",
        "Prawn",
    ),
    *("Fennel", "Cabbage", "Haddock", "Sausage", "Potato", "Pumpkin"),
)
BESIDE = (
    *(
        "Caramel",
        "Lemon",
        "Garlic",
        "Ginger",
        "Mustard",
        "Pepper",
        "Saffron",
        "Tarragon",
        "Walnut",
        "Yoghurt",
    ),
    *("Chilli", "Honey", "Parsley", "Sesame", "Tomato", "Orange", "Cumin", "Dill", "Almond", "Olive"),
)
EAN_OF = "20{:010d}"
FIRST_PLU = 10_000


def search(stage: Stage) -> Account:
    """One client; every kind of question for SECONDS; then whether each finds what it means first."""
    place = stage.places[1]
    names = dish_names()
    asyncio.run(_menu(stage, place, names))
    questions = questions_of(names)
    account: Account = {"items": ITEMS}
    for kind, asked in questions.items():
        account[kind] = _asked(stage, place, [text for text, _ in asked])
    missed = asyncio.run(_missed(stage, place, questions))
    account |= {"missed": len(missed), "missed_first": missed[:10]}
    account["errors"] = sum(account[kind]["errors"] for kind in questions)
    account["beside"] = ", ".join(
        f"{kind} p50 {account[kind]['latency_ms']['p50']:.1f} p95 {account[kind]['latency_ms']['p95']:.1f} ms"
        for kind in questions
    )
    return account


def dish_names() -> list[str]:
    """Names of three words, no two alike: with what the menu has already they are ITEMS."""
    words = itertools.product(WAYS, GOODS, BESIDE)
    return [" ".join(three) for three in itertools.islice(words, ITEMS - MENU_ITEMS)]


def questions_of(names: list[str]) -> dict[str, list[tuple[str, str]]]:
    """By kind: what is typed, and the name that it must find first ("": any that begins so)."""
    rng = random.Random(SEED)
    chosen = rng.sample(range(len(names)), QUESTIONS)
    return {
        "typo": [(_slip(rng, names[index]), names[index]) for index in chosen],
        "prefix": [(names[index][: rng.randint(3, 9)].lower().strip(), "") for index in chosen],
        "barcode": [(ean(index), names[index]) for index in chosen],
        "plu": [(str(FIRST_PLU + index), names[index]) for index in chosen],
    }


def _slip(rng: random.Random, name: str) -> str:
    """Two neighbouring letters of one long word change places."""
    words = name.lower().split()
    word = max(range(len(words)), key=lambda index: len(words[index]))
    text = words[word]
    at = rng.choice([index for index in range(1, len(text) - 1) if text[index] != text[index + 1]])
    words[word] = text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    return " ".join(words)


def ean(number: int) -> str:
    """An EAN-13 of those that a house gives its own goods."""
    digits = EAN_OF.format(number)
    total = sum(int(digit) * (3 if index % 2 else 1) for index, digit in enumerate(digits))
    return f"{digits}{-total % 10}"


async def _menu(stage: Stage, place: Place, names: list[str]) -> None:
    rows = ["category,item,price,vat_class,barcode,plu"]
    rows += [
        f"Page {index // CATEGORY_ITEMS},{name},{5 + index % 20}.50,hot_food,{ean(index)},{FIRST_PLU + index}"
        for index, name in enumerate(names)
    ]
    headers = {"Authorization": f"Bearer {place.token}"}
    async with http_client(1) as http:
        url = f"{stage.system.base_url}/api/v2/menu/import"
        answer = await imported(http, url, headers, "\n".join(rows) + "\n")
    if answer.json()["rejected"]:
        raise RuntimeError(f"the menu of the search is not valid: {answer.text[:500]}")


def _asked(stage: Stage, place: Place, texts: list[str]) -> Account:
    requests = [stage.get(place, f"/api/v2/menu/search?q={quote(text)}") for text in texts]
    return asked_alone(stage.gateway, requests, SECONDS)


async def _missed(stage: Stage, place: Place, questions: dict[str, list[tuple[str, str]]]) -> list[str]:
    """What was typed and did not find first what it means."""
    headers, missed = {"Authorization": f"Bearer {place.token}"}, []
    async with http_client(1) as http:
        for text, name in itertools.chain.from_iterable(questions.values()):
            answer = await http.get(
                f"{stage.system.base_url}/api/v2/menu/search?q={quote(text)}", headers=headers
            )
            found = [item["name"] for item in answer.json()["items"]]
            first = found[0] if found else ""
            begins = any(one.startswith(text) for one in (first.lower(), *first.lower().split()))
            if not (first == name if name else begins):
                missed.append(f"{text}: {first}")
    return missed
