"""Whether a stranger's drawing is one that we draw: an allow-list of elements, attributes and values."""
