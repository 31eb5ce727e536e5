"""Management commands about versions."""
