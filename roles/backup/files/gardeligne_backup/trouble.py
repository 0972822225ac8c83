"""What keeps a backup from being made or taken back, in the household's words."""


class Trouble(Exception):
    """What is wrong, and the cure, in French."""
