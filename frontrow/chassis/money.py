"""Money as people read it. Everywhere else it is an integer in minor units and an ISO 4217 code."""

from decimal import Decimal

from iso4217 import Currency

SYMBOLS = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥"}


def shown(amount: int, currency: str) -> str:
    """An amount in minor units: €45.00, ¥5,800, CHF 45.00."""
    digits = Currency(currency).exponent or 0
    number = f"{Decimal(amount).scaleb(-digits):,.{digits}f}"
    return f"{SYMBOLS[currency]}{number}" if currency in SYMBOLS else f"{currency} {number}"
