"""Installs the release's security updates, and takes back an Asterisk that does not work."""
