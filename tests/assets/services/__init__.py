"""Tests of assets/services."""
