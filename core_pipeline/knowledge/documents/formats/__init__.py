"""One module per kind of file; each gives pages of blocks. All run in the sandbox's child."""
