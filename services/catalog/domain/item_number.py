"""The numbers that an item is found by at the till: its barcode, and its PLU.

A barcode is a GTIN as tills scan it: EAN-8, EAN-13 or UPC-A. Source: GS1 General Specifications, 7.9 (check
digit) and 2.1 (which code is on what).
"""

import re
from collections.abc import Iterator

from chassis.errors import FieldError

EAN_8_DIGITS = 8
UPC_A_DIGITS = 12
EAN_13_DIGITS = 13
CASE_DIGITS = 14
"""ITF-14 names a case of goods, which a delivery scans and no till sells."""
MAX_PLU_DIGITS = 6
_DIGITS = re.compile(r"[0-9]+", re.ASCII)
_PLU = re.compile(rf"[1-9][0-9]{{0,{MAX_PLU_DIGITS - 1}}}", re.ASCII)


def check_digit(digits: str) -> str:
    """The last digit of a GTIN, of the others."""
    total = sum(int(digit) * (1 if index % 2 else 3) for index, digit in enumerate(reversed(digits)))
    return str(-total % 10)


def one_form(barcode: str) -> str:
    """A UPC-A as the EAN-13 that it is: scanners send either for the same bars."""
    return f"0{barcode}" if len(barcode) == UPC_A_DIGITS else barcode


def barcode_errors(path: str, barcode: str) -> Iterator[FieldError]:
    """What is wrong with a barcode in its one form; "" is none."""
    if not barcode:
        return
    digits = _DIGITS.fullmatch(barcode) is not None
    if digits and len(barcode) == CASE_DIGITS:
        inside = barcode[1:-1]
        detail = f"14 digits name a case; what is in it has {inside}{check_digit(inside)}"
        yield FieldError(path, "code_of_a_case", detail)
    elif not digits or len(barcode) not in (EAN_8_DIGITS, EAN_13_DIGITS):
        detail = "a barcode has 13 digits (EAN-13), 12 (UPC-A) or 8 (EAN-8)"
        yield FieldError(path, "no_barcode", detail)
    elif (right := check_digit(barcode[:-1])) != barcode[-1]:
        detail = f"{barcode} has a wrong check digit; right would be {barcode[:-1]}{right}"
        yield FieldError(path, "wrong_check_digit", detail)


def plu_errors(path: str, plu: str) -> Iterator[FieldError]:
    """What is wrong with a PLU; "" is none."""
    if plu and _PLU.fullmatch(plu) is None:
        detail = f"a PLU has 1 to {MAX_PLU_DIGITS} digits and does not begin with 0"
        yield FieldError(path, "no_plu", detail)
