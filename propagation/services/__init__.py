"""Use cases: one file each; views, admin, tasks and commands only call them."""
