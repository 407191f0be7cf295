"""Channels and engines of a business: connected, looked at, switched; no page knows a vendor."""
