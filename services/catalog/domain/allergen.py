"""The fourteen allergens that must be declared. Source: Food Information Regulations 2014, schedule 5."""

from enum import IntEnum


class Allergen(IntEnum):
    """Numbered as in the contract."""

    CELERY = 1
    CEREALS_CONTAINING_GLUTEN = 2
    CRUSTACEANS = 3
    EGGS = 4
    FISH = 5
    LUPIN = 6
    MILK = 7
    MOLLUSCS = 8
    MUSTARD = 9
    NUTS = 10
    PEANUTS = 11
    SESAME = 12
    SOYA = 13
    SULPHITES = 14


ALSO_KNOWN_AS = {
    "gluten": Allergen.CEREALS_CONTAINING_GLUTEN,
    "wheat": Allergen.CEREALS_CONTAINING_GLUTEN,
    "crustacean": Allergen.CRUSTACEANS,
    "shellfish": Allergen.CRUSTACEANS,
    "egg": Allergen.EGGS,
    "dairy": Allergen.MILK,
    "lactose": Allergen.MILK,
    "mollusc": Allergen.MOLLUSCS,
    "tree nuts": Allergen.NUTS,
    "nut": Allergen.NUTS,
    "peanut": Allergen.PEANUTS,
    "sesame seeds": Allergen.SESAME,
    "soy": Allergen.SOYA,
    "soybeans": Allergen.SOYA,
    "sulfites": Allergen.SULPHITES,
    "sulphur dioxide": Allergen.SULPHITES,
}


def allergen_named(name: str) -> Allergen | None:
    """By its name or another that menus use, without regard to case."""
    key = " ".join(name.casefold().replace("_", " ").split())
    known = {allergen.name.casefold().replace("_", " "): allergen for allergen in Allergen}
    return known.get(key) or ALSO_KNOWN_AS.get(key)
