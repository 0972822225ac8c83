"""Settings that the household changes at once. Runs on Python 3.5 (Stretch) and later.

What is changed here counts as long as the household's files say what they said then: whoever
changes them later has the last word.
"""

from typing import Callable, List, NamedTuple, Tuple

import exchange
import french
import hours

FILES = "fichier"
NEVER = "jamais"

Setting = NamedTuple(
    "Setting",
    [
        ("name", str),  # in Asterisk's database and among its variables
        ("title", str),
        ("read", Callable[[str, Tuple[int, int]], str]),
        ("shown", str),
    ],
)


def seconds(text: str, limits: Tuple[int, int]) -> str:
    """Return a wait as Asterisk has it; a ValueError says in French what is wrong."""
    least, most = limits
    if not least <= french.whole(text) <= most:
        raise ValueError("un nombre de secondes, de {} à {}".format(least, most))
    return str(french.whole(text))


def quiet(text: str, _: Tuple[int, int]) -> str:
    """Return hours as Asterisk has them; a ValueError says in French what is wrong."""
    if text == NEVER:
        return "none"
    try:
        return hours.hours(text)
    except ValueError:
        raise ValueError("des heures comme 22:00-07:00, ou « {} »".format(NEVER)) from None


SETTINGS = {
    "attente": Setting("wait", "Attente des inconnus", seconds, "{} s"),
    "calme": Setting("quiet", "Heures calmes", quiet, "{}"),
}


def change(setting: Setting, text: str, limits: Tuple[int, int]) -> str:
    """Change a setting from now on; return what it is. Raises ValueError, and exchange.Stopped."""
    if text == FILES:
        exchange.set_as_in_files(setting.name)
    else:
        exchange.set_at_once(setting.name, setting.read(text, limits))
    return told(setting)


def told(setting: Setting) -> str:
    """Say what a setting is, and where that comes from. Raises exchange.Stopped."""
    now, written = exchange.setting(setting.name)
    text = "{} : {}".format(setting.title, _shown(setting, now))
    if now != written:
        text += " (par cette commande ; les fichiers disent : {})".format(_shown(setting, written))
    return text + "."


def _shown(setting: Setting, value: str) -> str:
    return NEVER if value == "none" else setting.shown.format(value)


def all_told() -> List[str]:
    """Say what each setting is. Raises exchange.Stopped."""
    return [told(setting) for _, setting in sorted(SETTINGS.items())]
