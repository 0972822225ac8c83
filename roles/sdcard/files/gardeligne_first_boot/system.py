"""The machine itself: the SSH server's keys, and services that have failed."""

import glob

from .tools import Card, Missing, run


def keys(_card: Card) -> str:
    """Look for the SSH server's own keys, and make those that it did not."""
    run("ssh-keygen", "-A", timeout=600)
    print_, good = run("ssh-keygen", "-l", "-f", "/etc/ssh/ssh_host_ed25519_key.pub")
    if not good or not glob.glob("/etc/ssh/ssh_host_*_key"):
        raise Missing("aucune clé SSH", "Redémarrez. Détail : " + print_)
    return print_.split()[1]


def units(_card: Card) -> str:
    """Look for services that have failed."""
    shown, _ = run("systemctl", "list-units", "--failed", "--plain", "--no-legend", "--full")
    failed = [text.split()[0] for text in shown.splitlines() if text.strip()]
    if failed:
        raise Missing(
            "en échec : " + ", ".join(failed),
            "Redémarrez le boîtier ; si cela se répète, envoyez ce fichier à qui vous l'a préparé.",
        )
    return "tous en marche"
