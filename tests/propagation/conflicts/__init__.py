"""Conflicts: detection and strategies."""
