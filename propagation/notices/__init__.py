"""Notifications: who is told of what, and why; the inbox, and e-mail."""
