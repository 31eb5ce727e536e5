"""Look-ups, permissions, locks and history that every other room uses."""
