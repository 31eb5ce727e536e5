"""Tests of propagation/planning."""
