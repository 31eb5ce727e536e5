"""The WebSocket: what happens, told to whoever is connected, as it happens."""
