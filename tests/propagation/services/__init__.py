"""Tests of propagation/services."""
