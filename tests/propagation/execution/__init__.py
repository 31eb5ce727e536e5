"""Tests of propagation/execution."""
