"""The people who use the panel: who they are, what they may, how they sign in, and what they did."""
