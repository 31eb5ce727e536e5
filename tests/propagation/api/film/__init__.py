"""Tests of the API that all work on one film, which is there once for each module."""
