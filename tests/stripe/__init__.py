"""Paying by Stripe: against localstripe, and against a provider that misbehaves as it is told."""
