"""Recipes, plans, executors, the native store, reports."""
