"""What every page of the panel stands in: who visits, what they may, in which language, and how it looks."""
