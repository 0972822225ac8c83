"""Watches the exchange, heals what it can, and tells the household."""
