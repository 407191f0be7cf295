"""What the operator and the tenants' people do; for now the checks behind `cli.py doctor`."""
