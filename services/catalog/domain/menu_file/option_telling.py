"""Options as the cells of a file: what ``option_cells`` reads back as the same options."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from services.catalog.domain.allergen import Allergen
from services.catalog.domain.menu_file.option_cells import OFF, PATH, TRACES, escaped
from services.catalog.domain.option import Option, OptionGroup


@dataclass(frozen=True, slots=True)
class ToldOptions:
    """How options are told: decimal ``digits`` of the currency, and (category, item) by the item's id."""

    digits: int
    names: Mapping[UUID, tuple[str, str]]

    def groups(self, groups: Sequence[OptionGroup]) -> str:
        """The cell of the first level."""
        numbers = {group.id: number for number, group in enumerate(groups, start=1)}
        return " | ".join(self._group(group, numbers) for group in groups)

    def nested(self, groups: Sequence[OptionGroup]) -> str:
        """The cell of the second level, with the way to each of its groups."""
        return " | ".join(
            f" {PATH} ".join((escaped(group.name), escaped(option.name), self._group(nested, {})))
            for group in groups
            for option in group.options
            for nested in option.groups
        )

    def _group(self, group: OptionGroup, numbers: Mapping[UUID, int]) -> str:
        options = "; ".join(map(self._option, group.options))
        kind = " size" if group.is_size else ""
        main = "" if group.ancillary_of is None else f" with {numbers[group.ancillary_of]}"
        return f"{escaped(group.name)}({group.min_choices}-{group.max_choices}{kind}{main}): {options}"

    def _option(self, option: Option) -> str:
        delta = amount(option.price_delta_minor, self.digits) if option.price_delta_minor else "0"
        names = [
            *map(allergen_name, option.allergens),
            *(f"{TRACES}{allergen_name(number)}" for number in option.may_contain),
        ]
        contained = f"[{', '.join(names)}]" if names else ""
        facts = "".join(f"{{{fact}}}" for fact in self._facts(option))
        return f"{escaped(option.name)}={delta}{contained}{facts}{'' if option.available else OFF}"

    def _facts(self, option: Option) -> Iterator[str]:
        if option.vat_class:
            yield f"vat {option.vat_class}"
        if option.stock_use is not None:
            yield f"takes {option.stock_use.quantity} {self._item(option.stock_use.item_id)}"
        if option.item_id is not None:
            yield f"is {self._item(option.item_id)}"

    def _item(self, item_id: UUID) -> str:
        category, name = self.names[item_id]
        return f"{escaped(category)} {PATH} {escaped(name)}"


def amount(minor: int, digits: int) -> str:
    """Major units, with all decimal places of the currency."""
    return f"{Decimal(minor).scaleb(-digits):.{digits}f}"


def allergen_name(number: int) -> str:
    """As the file has it."""
    return Allergen(number).name.lower().replace("_", " ")
