"""The points of a photographed face: their names, what is known from them, and whether a picture can be animated."""
