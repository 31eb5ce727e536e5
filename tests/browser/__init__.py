"""The admin in a real browser, against a real server."""
