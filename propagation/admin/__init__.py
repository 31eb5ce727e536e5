"""Admin of entities, which can be changed and propagated here, and of runs."""

from propagation.admin import entities, runs

__all__ = ["entities", "runs"]
