"""Rules: what becomes of each target that a change reaches. Pure."""
