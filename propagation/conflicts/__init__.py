"""Conflicts: found in the transaction that writes, resolved by strategy, or kept for a person."""
