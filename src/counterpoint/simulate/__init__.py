"""Scenes with exact truth, and every sensor, label and sentence rendered from them on one clock."""
