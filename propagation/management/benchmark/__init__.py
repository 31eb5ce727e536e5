"""Measure on a database that is dropped afterwards (`manage.py benchmark`)."""
