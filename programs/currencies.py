"""Minor units of currencies (ISO 4217, list one). Pure."""

from decimal import Decimal

# All that do not have two digits after the point.
_NONE = ("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG")
_NONE_EITHER = ("RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF")
_THREE = ("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND")
_DIGITS = dict.fromkeys(_NONE + _NONE_EITHER, 0) | dict.fromkeys(_THREE, 3)


def digits_of(currency: str) -> int:
    """How many digits after the point amounts in the currency have."""
    return _DIGITS.get(currency, 2)


def minor_units(amount: Decimal, currency: str) -> int:
    """The amount in the currency's smallest unit, rounded down: 12.34 GBP is 1234."""
    return int(amount.scaleb(digits_of(currency)))
