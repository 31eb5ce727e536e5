"""Management commands about productions and the engine."""
