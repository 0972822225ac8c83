"""What has to be typed into a telephone, and files for those that take one.

usage: gardeligne-telephone [NUMBER]            as `gardeligne telephone`
       gardeligne-telephone --courriel ADDRESS  send the accounts, if they are other than last time

Runs on Python 3.5 (Stretch) and later.
"""

import hashlib
import io
import json
import os
import subprocess
import sys
import time
from email.message import EmailMessage
from email.policy import SMTP
from typing import Dict, List

import handover
import network
from provisioning import SIP_PORT, Account, files

ACCOUNTS = "/usr/local/etc/gardeligne-phones.json"
SENT = "/var/lib/gardeligne/phones-sent"
SENDMAIL = "/usr/sbin/sendmail"
UNIT = "gardeligne-handover.service"
PATIENCE = 60  # seconds for an address, at the start

CODECS = {"alaw": "G.711 A-law (PCMA)", "ulaw": "G.711 µ-law (PCMU)", "g722": "G.722", "gsm": "GSM"}
NO_PHONES = "Il n'y a pas encore de téléphone : le standard n'est pas réglé."
NO_ADDRESS = (
    "L'appareil n'a pas d'adresse : branchez un câble réseau entre lui et la box, puis recommencez."
)
SUBJECT = "Vos téléphones"
MAIL = """\
Saisissez ces comptes dans vos téléphones, un par téléphone. Dans chacun, le serveur (on lit aussi
« registrar », « domaine » ou « proxy ») est {server}, port {port}, {transport}.
{accounts}
Ces mots de passe ne servent que dans le réseau de la maison : de l'extérieur, personne n'atteint
l'appareil tant que votre box n'ouvre pas de port vers lui. N'en ouvrez pas. Ce courriel, lui, a
voyagé, et qui lit votre boîte aux lettres peut le lire : supprimez-le quand vos téléphones sonnent.

Si les téléphones ne trouvent plus l'appareil un jour, son adresse a changé : demandez à votre box
de toujours lui donner {server} (« bail DHCP permanent »). Qui entre dans l'appareil par SSH y règle
un téléphone avec un QR code : sudo gardeligne telephone
"""


class Refused(Exception):
    """What was asked for cannot be done; the text says why, in French."""


def read(path: str = ACCOUNTS) -> List[Account]:
    """Return the telephones' accounts. Raises OSError, and Refused if there is none yet."""
    with open(path, encoding="utf-8") as text:
        accounts = [Account(password=entry.pop("secret"), **entry) for entry in json.load(text)]
    if not accounts:
        raise Refused(NO_PHONES)
    return accounts


def listed(accounts: List[Account]) -> List[str]:
    """Return the telephones, one a line."""
    return ["  {:<6}  {}".format(account.extension, account.name) for account in accounts]


def found(accounts: List[Account], extension: str) -> Account:
    """Return the account of an extension. Raises Refused."""
    for account in accounts:
        if account.extension == extension:
            return account
    words = "Il n'y a pas de téléphone « {} ». Il y a :".format(extension)
    raise Refused("\n".join([words, *listed(accounts)]))


def codecs(account: Account) -> str:
    """Return the names of an account's codecs, best first."""
    return ", ".join(CODECS.get(codec, codec) for codec in account.codecs)


def transports(account: Account) -> str:
    """Return the names of an account's transports."""
    return ", ".join(account.transports).upper()


def settings(account: Account, server: str) -> List[str]:
    """Return what to type, line by line."""
    rows = [
        ("Serveur (registrar, domaine)", server),
        ("Port, transport", "{}, {}".format(SIP_PORT, transports(account))),
        ("Utilisateur et identifiant", account.extension),
        ("Mot de passe", account.password),
        ("Codecs, le meilleur d'abord", codecs(account)),
    ]
    return ["  {:<30}{}".format(name, value) for name, value in rows]


def offer(account: Account, server: str) -> Dict[str, str]:
    """Offer the files of a telephone; return their addresses, by kind. Raises Refused."""
    offered = {}
    try:
        owner = handover.make_folder()
        for file in files(account, server):
            what = "{}, téléphone {}".format(file.name, account.extension)
            kept = {"names": file.names, "body": file.body, "what": what}
            token = handover.put(kept, handover.FOLDER, owner)
            offered[file.kind] = "http://{}:{}/{}/{}".format(
                server, handover.PORT, token, file.name
            )
        # Anew, also if it runs: it may be about to end, and the networks may be others.
        subprocess.check_output(["systemctl", "restart", UNIT], stderr=subprocess.STDOUT)
    except (OSError, KeyError, subprocess.CalledProcessError) as error:
        raise Refused(
            "Les fichiers ne peuvent pas être remis ({}) : saisissez ce qui précède à la main.\n"
            "Pour savoir pourquoi : sudo journalctl -u {}".format(type(error).__name__, UNIT)
        ) from error
    return offered


def drawn(address: str) -> List[str]:
    """Return an address as a QR code, line by line; none if that cannot be drawn."""
    # With the colours of paper where it is a screen, whichever colours that has.
    kind = "ANSIUTF8" if sys.stdout.isatty() else "UTF8"
    try:
        # On its standard input: what is on a command line, everybody reads.
        drawing = subprocess.check_output(
            ["qrencode", "-t", kind, "-m", "2", "-o", "-"], input=address.encode("ascii")
        )
    except (OSError, subprocess.CalledProcessError):
        return ["  (pas de QR code : le paquet qrencode manque)"]
    return drawing.decode("utf-8").splitlines()


def show(arguments: List[str]) -> None:
    """Print what a telephone needs, or which there are. Raises Refused and OSError."""
    accounts = read()
    if not arguments:
        print("\n".join(["Les téléphones de la maison :", *listed(accounts)]))
        print("Pour en régler un : sudo gardeligne telephone " + accounts[0].extension)
        return
    if len(arguments) > 1:
        raise Refused("Usage : gardeligne telephone [NUMÉRO]")
    account = found(accounts, arguments[0])
    server = network.address()
    print("Téléphone {} ({}) : ce qu'il faut saisir\n".format(account.extension, account.name))
    print("\n".join(settings(account, server)) + "\n")
    offered = offer(account, server)
    print("Linphone, sur un mobile dans le WiFi de la maison : scannez ce code dans son assistant,")
    print("ou donnez-lui cette adresse comme configuration à distance.\n")
    print("\n".join(drawn(offered["linphone"])))
    print("\n  {}\n".format(offered["linphone"]))
    path = offered["grandstream"].split("/", 2)[2].rsplit("/", 1)[0]
    print(
        "Adaptateur Grandstream HT801 ou HT802, première prise : dans ses pages, choisissez HTTP et"
    )
    print("donnez « {} » comme « Config Server Path ».".format(path))
    print("Le fichier lui-même : {}\n".format(offered["grandstream"]))
    until = time.strftime("%H:%M", time.localtime(time.time() + handover.LIFE))
    print(
        "Chacune de ces deux adresses sert une seule fois, jusqu'à {}, et seulement dans le".format(
            until
        )
    )
    print("réseau de la maison : le fichier contient le mot de passe.")


def patient_address() -> str:
    """Return the machine's address; at the start it may take a while. Raises NoAddress."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return network.address()
        except network.NoAddress:
            if time.monotonic() >= end:
                raise
            time.sleep(2)


def mail(accounts: List[Account], server: str, to: str) -> bytes:
    """Return the mail with all accounts, as sendmail takes it."""
    blocks = []
    for account in accounts:
        rows = [
            ("Utilisateur et identifiant", account.extension),
            ("Mot de passe", account.password),
            ("Codecs, le meilleur d'abord", codecs(account)),
        ]
        lines = ["  {:<30}{}".format(name, value) for name, value in rows]
        blocks.append("\n".join(["", account.name, *lines]))
    made = EmailMessage(policy=SMTP.clone(linesep="\n"))
    made["Subject"] = SUBJECT
    made["From"] = "Gardeligne <root>"
    made["To"] = to
    made.set_content(
        MAIL.format(
            server=server,
            port=SIP_PORT,
            transport=transports(accounts[0]),
            accounts="\n".join(blocks) + "\n",
        )
    )
    return made.as_bytes()


def send(to: str) -> bool:
    """Send the accounts, unless these have been sent there; tell whether they were.

    Raises Refused, NoAddress, OSError and CalledProcessError.
    """
    accounts = read()
    state = hashlib.sha256(repr((to, accounts)).encode("utf-8")).hexdigest() + "\n"
    try:
        with open(SENT, encoding="ascii") as before:
            if before.read() == state:
                return False
    except FileNotFoundError:
        pass
    text = mail(accounts, patient_address(), to)
    subprocess.run([SENDMAIL, "-t"], input=text, check=True)
    os.makedirs(os.path.dirname(SENT), exist_ok=True)
    descriptor = os.open(SENT, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "w", encoding="ascii") as after:
        after.write(state)
    return True


def main(arguments: List[str]) -> int:
    """Do what is asked; return 0, 1 if that failed, 2 if it is not understood."""
    if os.geteuid() != 0:
        asked = " ".join(["sudo gardeligne telephone", *arguments])
        print("Les mots de passe sont privés : " + asked, file=sys.stderr)
        return 1
    try:
        if arguments[:1] == ["--courriel"] and len(arguments) == 2:
            print("sent" if send(arguments[1]) else "known")
        else:
            show(arguments)
    except Refused as error:
        print(error, file=sys.stderr)
        return 2
    except network.NoAddress:
        print(NO_ADDRESS, file=sys.stderr)
        return 1
    except (OSError, subprocess.CalledProcessError) as error:
        print("Les comptes des téléphones : {}".format(error), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    # French, wherever it is called from: cron and ssh may have no locale.
    sys.stdout = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8", line_buffering=True)
    sys.stderr = io.TextIOWrapper(sys.stderr.buffer, encoding="utf-8", line_buffering=True)
    sys.exit(main(sys.argv[1:]))
