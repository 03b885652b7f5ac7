"""Sensors, one file each. They see the world and never each other."""
