"""What a business learns from its conversations, drawn for people."""
