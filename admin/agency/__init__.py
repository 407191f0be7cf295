"""Agencies: the businesses that they look after, and how their panel looks."""
