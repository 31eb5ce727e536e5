"""Management commands about users."""
