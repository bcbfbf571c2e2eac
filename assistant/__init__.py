"""Renewal Coach: what to say to a car-insurance customer, at once, legally and with its sources."""
