"""What a business knows: its documents, questions and prices, what its bot did not know, and the search tried out."""
