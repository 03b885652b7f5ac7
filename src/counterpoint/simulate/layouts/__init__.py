"""Layouts: one file each."""
