"""payments: money in, money back. What was captured ends as a ticket, or goes back once.

Owns: payments and refunds; apart from these, the sandbox provider's ledger.
Hears: booking.cancelled, user.disabled, user.enabled, user.erased.
Says: payment.succeeded, payment.failed, refund.succeeded.
Asks: bookings, what is due; the hold is extended by it, once. And whether what was paid is a ticket.
"""
