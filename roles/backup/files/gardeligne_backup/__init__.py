"""The program gardeligne-backup: what the household has, in one file, and back. See __main__.py."""
