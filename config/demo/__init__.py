"""Invented productions for trying the backend out."""
