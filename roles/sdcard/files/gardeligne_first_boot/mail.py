"""The mail server, and the mail with the report."""

from email.message import EmailMessage
from email.policy import SMTP

from .tools import Card, Missing, Step, run, shared, wait, where


def postfix(card: Card) -> str:
    """Wait for the mail server."""
    if not wait(card["patience"], lambda: run("postfix", "status")[1]):
        raise Missing("le service de mail ne fonctionne pas", "Redémarrez le boîtier.")
    return (
        "prêt"
        if card["admin"]
        else "les messages restent sur le boîtier ({})".format(where(card, "mail.yml"))
    )


def message(to: str, subject: str, text: str) -> bytes:
    """Return a mail as sendmail takes it."""
    mail = EmailMessage(policy=SMTP.clone(linesep="\n"))
    mail["Subject"] = subject
    mail["From"] = "Gardeligne <root>"
    mail["To"] = to
    mail.set_content(text)
    return mail.as_bytes()


def sent(subject: str, text: str) -> Step:
    """Return the step that sends the report, and waits until it has left."""

    def step(card: Card) -> str:
        said, good = run("/usr/sbin/sendmail", "-t", input=message(card["admin"], subject, text))
        if not good:
            raise Missing("n'a pas pu être écrit", said)
        if not wait(card["patience"], lambda: "queue is empty" in run("postqueue", "-p")[0]):
            raise Missing(
                "attend encore dans le boîtier",
                "Vérifiez le serveur, le compte et le mot de passe ({}). Le boîtier réessaie "
                "pendant cinq jours. Détail : ".format(where(card, "mail.yml", "vault.yml"))
                + shared("mail_checks").why_waiting(run("postqueue", "-p")[0])[:400],
            )
        return "envoyé à " + str(card["admin"])

    return step
