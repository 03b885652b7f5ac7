"""Counterpoint: multimodal samples whose parts still belong together."""
