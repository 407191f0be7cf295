"""Arabic as files garble it, put right: letters, direction, lines; and what tells that it was wrong."""
