"""The dependency graph: pure algorithms and the cache that loads them."""
