"""Running an installation: the same deeds for the panel, the API and the command line."""
