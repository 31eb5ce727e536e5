"""A corpus of edits that two people make of one entity at the same time, and what becomes of them.

.venv/bin/python -m bench.conflicts --seed 1 --pairs 10000
"""
