"""Engines that wrap engines: the contract stays the same."""
