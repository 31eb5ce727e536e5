"""The dependency graph against NetworkX."""
