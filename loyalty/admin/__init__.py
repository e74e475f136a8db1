"""Console pages that show what members did (pages.py lists them)."""
