"""What goes wrong in a way that somebody can act on."""


class ImageError(Exception):
    """Names the file or setting, says what is wrong with it, and the cure."""
