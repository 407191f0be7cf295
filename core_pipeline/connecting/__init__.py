"""Connecting a tenant's channels and engines: the same deeds for the panel, the API and the command line."""
