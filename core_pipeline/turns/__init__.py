"""Durable turns: messages in, one answer out. The only room that knows the workflow engine (DBOS)."""
