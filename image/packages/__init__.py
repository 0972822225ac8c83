"""Asterisk for a release whose archive has none, built from Debian's own source."""
