"""How long things may be; in characters."""

CODE_LENGTH = 255
NAME_LENGTH = 1000
TYPE_LENGTH = 64
