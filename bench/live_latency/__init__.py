"""How long from a commit until clients have the event, while all three lanes work.

A stack of its own (web, workers, schedulers, courier) on a database of its own; three assets of one
film, with 10 000, 2 000 and 2 000 shots, are changed again and again, one in each lane.
"""
