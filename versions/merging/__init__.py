"""Merge what two people made of the same content, path by path; knows no database."""
