"""Voices: those on the shelf, a business's own by example, and how its words are pronounced."""
