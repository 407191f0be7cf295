"""The shelf of talking avatars: one folder per character with its manifest and art; no engine, no customer's file."""
