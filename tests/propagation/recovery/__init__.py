"""Tests of propagation/recovery."""
