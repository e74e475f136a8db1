"""The demo: real orders of a shop, replayed as events through the engine's own actions."""
