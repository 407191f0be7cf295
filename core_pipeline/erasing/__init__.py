"""What goes and what leaves: a customer who is forgotten, what is old, and a business that takes its data along."""
