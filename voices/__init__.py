"""The shelf for voices: one folder per voice with its manifest; no engine, and no customer's file."""
