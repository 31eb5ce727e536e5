"""How fast a change reaches all that depends on it, beside what the database could do at most.

One throw-away database, and for each graph side by side: hand-written SQL (the limit), this
product with two workers, batches of 50 as STORY-089 describes them, and a Celery task per target.

make bench
"""
