"""What a business learns from its conversations: how many, how well answered, how fast, at what cost."""
