"""Management commands that run the stack."""
