"""Conversations, messages, turns and receipts as they are kept; every function works within the caller's session."""
