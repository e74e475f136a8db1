"""The console: scoping (base.py) and the pages of what the tenant configures (pages.py lists them)."""
