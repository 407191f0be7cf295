"""A tenant's documents: read in a sandbox, put right, cut into what search can find, and removed without a trace."""
