"""Engines that place texts in a space where what means the same is near."""
