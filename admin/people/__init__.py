"""Who uses the panel: signing in, one's own page, colleagues and what they may, and what everybody did."""
