"""The machine: its clock, its heat, its current, and whether names lead anywhere."""

import ctypes
import glob
import os
import re
import time
from typing import Any, Dict, List

from finding import Missing
from french import moment
from mail_checks import run

# The kernel's word for "nobody has told me the time" (adjtimex).
TIME_ERROR = 5
# Where systemd says that this is a container.
CONTAINER = "/run/systemd/container"
THERMAL = "/sys/class/thermal"
HWMON = "/sys/class/hwmon"
# Degrees at which a Pi begins to slow down, so as not to burn.
HOT = 80


def hosts(lines: List[Dict[str, Any]]) -> List[str]:
    """Return the names of the operators' servers."""
    found = (str(line.get("proxy") or line.get("host", "")).split(":")[0] for line in lines)
    return sorted({host for host in found if re.search("[a-z]", host)})


def names(wanted: List[str]) -> str:
    """Look whether names lead to addresses."""
    # Of several only the first: each is waited for.
    lost = next((host for host in wanted if not run("getent", "ahostsv4", host)[1]), "")
    if lost:
        raise Missing(
            "aucune adresse pour " + lost,
            "Vérifiez que la box est allumée et reliée à Internet, sinon redémarrez-la. Sans cela "
            "les lignes et les mails s'arrêtent.",
            ("systemctl", "try-restart", "systemd-resolved.service"),
        )
    return "trouvés"


def synchronised() -> bool:
    """Tell whether the kernel's clock is right, as far as somebody has told it."""
    # Asked for nothing, it changes nothing; its structure has 208 bytes at most.
    return int(ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(512))) != TIME_ERROR


def clock() -> str:
    """Look whether somebody has told the time: a Pi has no clock of its own."""
    if not synchronised():
        raise Missing(
            "pas reçue du réseau ; le boîtier croit qu'il est " + moment(time.time()),
            "Laissez le boîtier branché : il continue à la demander. Sinon, la box ou un pare-feu "
            "bloque NTP (UDP 123). Tant que l'heure est fausse, les mails attendent.",
            ("systemctl", "try-restart", "systemd-timesyncd.service"),
        )
    return moment(time.time())


def numbers(pattern: str) -> List[int]:
    """Return the number in each of these files of the kernel's."""
    found = []
    for path in sorted(glob.glob(pattern)):
        try:
            with open(path) as text:
                found.append(int(text.read()))
        except (OSError, ValueError):
            continue
    return found


def thermometers(folder: str = THERMAL) -> List[float]:
    """Return what each thermometer of the board shows, in degrees."""
    return [number / 1000 for number in numbers(os.path.join(folder, "thermal_zone*", "temp"))]


def temperature(folder: str = THERMAL) -> str:
    """Look whether the board is too hot."""
    shown = "{:.0f} °C".format(max(thermometers(folder)))
    if max(thermometers(folder)) >= HOT:
        raise Missing(
            "trop chaud : " + shown,
            "Donnez-lui de l'air : pas dans un meuble fermé, pas au soleil, pas sur la box.",
        )
    return shown


def voltmeters(folder: str = HWMON) -> List[int]:
    """Return, for each sensor of a Pi's own, whether there was too little voltage."""
    found = []
    for path in sorted(glob.glob(os.path.join(folder, "hwmon*"))):
        try:
            with open(os.path.join(path, "name")) as text:
                if text.read().strip() == "rpi_volt":
                    found += numbers(os.path.join(path, "in0_lcrit_alarm"))
        except OSError:
            continue
    return found


def voltage(folder: str = HWMON) -> str:
    """Look whether the board has enough current."""
    if any(voltmeters(folder)):
        raise Missing(
            "tension trop basse",
            "Prenez l'alimentation officielle du Raspberry Pi (5,1 V, 2,5 A) et son câble : "
            "autrement le boîtier s'arrête, et la carte s'abîme.",
        )
    return "assez de courant"
