"""United Kingdom VAT classes of a restaurant: data, with the dates from which they hold.

Source: VAT Notice 709/1 (catering, takeaway food) and 701/14 (food). The reduced rates of 15 July 2020 to 31
March 2022 covered food and soft drinks eaten in and hot food and hot drinks taken away, never alcohol.
"""

from datetime import date

from services.catalog.domain.vat import VatClass, VatRate

STANDARD_FROM = date(2011, 1, 4)
REDUCED_FROM = date(2020, 7, 15)
INTERMEDIATE_FROM = date(2021, 10, 1)
STANDARD_AGAIN_FROM = date(2022, 4, 1)

_HOT = (
    VatRate(STANDARD_FROM, 2000, 2000),
    VatRate(REDUCED_FROM, 500, 500),
    VatRate(INTERMEDIATE_FROM, 1250, 1250),
    VatRate(STANDARD_AGAIN_FROM, 2000, 2000),
)
_ZERO_RATED_TO_GO = (
    VatRate(STANDARD_FROM, 2000, 0),
    VatRate(REDUCED_FROM, 500, 0),
    VatRate(INTERMEDIATE_FROM, 1250, 0),
    VatRate(STANDARD_AGAIN_FROM, 2000, 0),
)
_STANDARD_TO_GO = (
    VatRate(STANDARD_FROM, 2000, 2000),
    VatRate(REDUCED_FROM, 500, 2000),
    VatRate(INTERMEDIATE_FROM, 1250, 2000),
    VatRate(STANDARD_AGAIN_FROM, 2000, 2000),
)
_ALWAYS_STANDARD = (VatRate(STANDARD_FROM, 2000, 2000),)
_NONE = (VatRate(STANDARD_FROM, 0, 0),)

VAT_CLASSES = (
    VatClass("hot_food", "Hot food", _HOT),
    VatClass("hot_drinks", "Hot drinks", _HOT),
    VatClass("cold_food", "Cold food of a kind that is zero-rated to take away", _ZERO_RATED_TO_GO),
    VatClass("zero_rated_takeaway", "Other goods that are zero-rated to take away", _ZERO_RATED_TO_GO),
    VatClass(
        "always_standard", "Crisps, confectionery, ice cream, soft drinks, bottled water", _STANDARD_TO_GO
    ),
    VatClass("alcohol", "Alcoholic drinks", _ALWAYS_STANDARD),
    VatClass("standard", "Other goods and services at the standard rate", _ALWAYS_STANDARD),
    VatClass("outside_scope", "Outside the scope of VAT: deposits, vouchers", _NONE),
)
"""What a restaurant starts with."""
