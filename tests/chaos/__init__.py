"""Storms: real processes are killed, frozen and emptied, and every effect is counted."""
