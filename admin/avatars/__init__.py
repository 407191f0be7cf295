"""Avatars: those on the shelf in the business's colours, and its own drawings and pictures of people who consented."""
