"""Admin of projects, of entities, which can be changed here, of their versions, and of runs."""

from propagation.admin import entities, projects, rules, runs, steering, versions

__all__ = ["entities", "projects", "rules", "runs", "steering", "versions"]
