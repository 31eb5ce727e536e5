"""Tests of propagation/live."""
