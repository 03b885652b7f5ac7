"""The kinds of parts, one file each. They do not know each other."""
