"""The public API: a tenant's own systems and pages talk to its assistant over plain HTTP."""
