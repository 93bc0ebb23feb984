"""The pages. They own nothing, and know the services by HTTP alone.

Owns: nothing; the session of a visitor is in their cookie.
Asks: users, events, bookings, payments, notifications, reviews.
"""
