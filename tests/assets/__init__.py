"""What exists: set-wise writes and the graph."""
