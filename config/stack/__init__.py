"""The embedded stack: everything that one machine needs, in one terminal."""
