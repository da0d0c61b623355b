"""Push hub, pull feeds and board pages."""
