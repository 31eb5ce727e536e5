"""Tests of propagation/notices."""
