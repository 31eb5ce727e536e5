"""News: the event log that carries the truth, and the signal that wakes those who wait."""
