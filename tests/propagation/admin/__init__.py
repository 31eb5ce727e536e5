"""Tests of propagation/admin."""
