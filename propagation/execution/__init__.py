"""The engine: starts runs, applies batches, advances and finishes runs."""
