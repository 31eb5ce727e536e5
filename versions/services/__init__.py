"""Publishing, resolving and comparing versions."""
