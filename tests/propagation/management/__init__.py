"""Tests of propagation/management."""
