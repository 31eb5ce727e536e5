"""Handlers: how targets of some kinds get new content when what they use changes."""
