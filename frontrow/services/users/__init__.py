"""users: who people are, and the tokens that prove it.

Owns: accounts, refresh tokens, signing keys.
Hears: nothing.
Says: user.registered, user.updated.
Asks: nobody.
"""
