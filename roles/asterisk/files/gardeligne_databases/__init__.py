"""The program gardeligne-databases: good databases for Asterisk. See __main__.py."""
