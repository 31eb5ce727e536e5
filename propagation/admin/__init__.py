"""Admin of projects, of entities, which can be changed here, of their versions, and of runs."""

from propagation.admin import conflicts, entities, projects, rules, runs, steering, versions

__all__ = ["conflicts", "entities", "projects", "rules", "runs", "steering", "versions"]
