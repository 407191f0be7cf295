"""The command line's groups of commands, a file for each subject."""
