"""Dates of the console (settings.FORMAT_MODULE_PATH)."""
