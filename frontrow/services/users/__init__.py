"""users: who people are, and the tokens that prove it.

Owns: accounts, refresh tokens, signing keys.
Hears: nothing.
Says: user.registered, user.updated, user.disabled, user.enabled, user.erased.
Asks: events, bookings, payments, notifications and reviews, what they hold of a person who wants to see it;
the first three, before somebody leaves, who would lose by it.
"""
