"""Engines that make clips larger."""
