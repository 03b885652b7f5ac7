"""Layouts on disk: reader and writer of each in one file."""
