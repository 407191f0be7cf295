"""The wizard: from a new business to an assistant that one can talk to."""
