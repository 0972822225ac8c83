"""The program gardeligne-first-boot: the first start of a written card. See __main__.py."""
