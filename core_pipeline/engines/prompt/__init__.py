"""What every engine with a language model shares: the words it is asked with, and how its words are read."""
