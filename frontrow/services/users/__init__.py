"""users: who people are, and the tokens that prove it.

Owns: accounts, second factors, links sent by mail, refresh tokens, signing keys.
Hears: nothing.
Says: user.registered, user.updated, user.link_asked, user.access_changed, user.disabled, user.enabled,
user.erased.
Asks: events, bookings, payments, notifications and reviews, what they hold of a person who wants to see it;
the first three, before somebody leaves, who would lose by it.
"""
