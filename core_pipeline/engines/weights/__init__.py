"""Where engines' weights lie, whether they are there, and how they are fetched."""
