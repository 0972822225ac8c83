"""Hours of the day, as a household writes them and as Asterisk reads them.

On the appliance too: Python 3.5.
"""

import re

HOURS = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)\s*-\s*([01]?\d|2[0-3]):([0-5]\d)")


def hours(text: str) -> str:
    """Return hours as Asterisk's GotoIfTime() takes them; a ValueError says what is wrong.

    >>> hours("22:00 - 7:00")
    '22:00-07:00'
    """
    found = HOURS.fullmatch(text.strip())
    if not found:
        raise ValueError('is no time of a day. Write it as "22:00-07:00".')
    from_hour, from_minute, to_hour, to_minute = found.groups()
    begin, end = (
        "{:0>2}:{}".format(*time) for time in ((from_hour, from_minute), (to_hour, to_minute))
    )
    if begin == end:
        raise ValueError('ends when it begins. Write "" for never.')
    return "{}-{}".format(begin, end)
