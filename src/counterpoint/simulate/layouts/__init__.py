"""Families of scenes, one file each: a layout draws a scene from a key."""
