"""users: who people are, and the tokens that prove it.

Owns: accounts, second factors, links sent by mail, refresh tokens, signing keys.
Hears: nothing.
Says: user.registered, user.updated, user.link_asked, user.access_changed.
Asks: nobody.
"""
