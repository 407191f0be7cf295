"""The installation as its administrator sees it: what runs, what waits, what failed, what is set."""
