"""events: what takes place, where and when, and on what terms it is sold.

Owns: events, their ticket types and covers; copies of availability and rating.
Hears: stock.changed, rating.changed, user.erased.
Says: event.published, event.updated, event.cancelled.
Asks: bookings, to make a capacity N, and to look at an event that just changed.
"""
