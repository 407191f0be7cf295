"""Customers' conversations of every channel: read, taken over, answered, sorted, live."""
