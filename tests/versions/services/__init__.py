"""Publishing, resolving and following versions."""
