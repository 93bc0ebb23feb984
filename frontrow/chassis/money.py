"""Amounts as people read them."""

from decimal import Decimal

from iso4217 import Currency


def shown(amount: int, currency: str) -> str:
    """An amount in minor units, with as many decimals as its currency has by ISO 4217: 25.00 EUR, 500 JPY."""
    exponent = Currency(currency).exponent or 0
    return f"{Decimal(amount).scaleb(-exponent):.{exponent}f} {currency}"
