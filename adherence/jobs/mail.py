"""Mail: what waits is handed to the clinic's mail server, one at a time, each at least once.

The server's certificate is checked; a mail is never sent over an unprotected line to another
machine (the settings refuse that).
"""

from __future__ import annotations

import logging
import smtplib
import ssl
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid

from flask import current_app, render_template
from flask_babel import force_locale

from adherence import settings
from adherence.services import mails
from adherence.services.mails import Mail, MailKind
from adherence.settings import Settings, SmtpSecurity
from adherence.web.locale import gettext as _
from adherence.web.locale import later as _later

log = logging.getLogger("adherence.mail")

#: Seconds that the mail server has for each answer.
PATIENCE = 15
#: Mails of one round; the next round goes on.
ROUND = 200

#: kind -> (subject, words, what the link does). No subject says anything of health.
SAID = {
    MailKind.SIGN_IN: (
        _later("Your link to sign in"),
        _later(
            "You asked for a link to sign in. It works once, for a few minutes, and only in the "
            "browser in which you asked."
        ),
        _later("Sign in"),
    ),
    MailKind.RESET: (
        _later("Your link to a new password"),
        _later(
            "You asked for a new password. The link works once, for a few minutes, only in the "
            "browser in which you asked. If it was not you, do nothing: your password stays."
        ),
        _later("Choose a new password"),
    ),
    MailKind.INVITE: (
        _later("Your way in"),
        _later(
            "You were invited. The link works once; on its page you choose a PIN for your device."
        ),
        _later("Open it"),
    ),
    MailKind.SETUP: (
        _later("Your account"),
        _later(
            "An account was made for you, or was made new. The link works once; with it you "
            "choose a password and a second step."
        ),
        _later("Begin"),
    ),
    MailKind.NEW_ADDRESS: (
        _later("Confirm this address"),
        _later(
            "Somebody gave this address for an account. If it was you, type the code on the page "
            "that asked for it."
        ),
        _later("Open it"),
    ),
    MailKind.CHANGED: (
        _later("Something about your account has changed"),
        _later(
            "A way into your account was changed just now. If it was you, there is nothing to do."
            " If it was not, tell your clinic at once."
        ),
        _later("Open it"),
    ),
    MailKind.EMERGENCY: (
        _later("Something at your clinic waits for you"),
        _later(
            "Somebody of your clinic used an access that is meant for emergencies. Who, when and "
            "why stands on the page; please look into it and note what came of it."
        ),
        _later("Look into it"),
    ),
    MailKind.NEWS: (
        _later("Something new waits for you"),
        _later(
            "There is something new for you to read. You agreed to such mails; you can take that "
            "back under “My things”, “What I agree to”."
        ),
        _later("Sign in"),
    ),
}


def send_waiting(now: datetime) -> tuple[int, int]:
    """Send what waits; (sent, put back). The first failure ends the round: the next would fail too.

    Without a mail server what waits is left until it has ended.
    """
    kept = settings.current()
    sent = 0
    if not kept.smtp_host:
        return 0, 0
    while sent < ROUND and (mail := mails.lease(now)) is not None:
        message = message_of(kept, mail, now)
        if not mails.may_go(mail, now):
            mails.end(mail.id, now)
            continue
        try:
            send(kept, message)
        except (OSError, smtplib.SMTPException) as error:
            refused = isinstance(error, smtplib.SMTPRecipientsRefused)
            # The address stays out of the log; the id says which mail it was.
            log.warning("mail not sent: %s", type(error).__name__, extra={"mail_id": str(mail.id)})
            if refused:
                mails.end(mail.id, now)
                continue
            mails.put_back(mail, now)
            return sent, 1
        mails.end(mail.id, now)
        sent += 1
    mails.drop_old(now)
    return sent, 0


def message_of(kept: Settings, mail: Mail, now: datetime) -> EmailMessage:
    """A mail in its reader's language, as plain text and as a page."""
    with current_app.test_request_context(), force_locale(mail.locale):
        subject, words, link_words = (str(part) for part in SAID[mail.kind])
        said = {
            "lang": mail.locale,
            "subject": subject,
            "hello": _("Good day,"),
            "words": words,
            "link": mail.link,
            "link_words": link_words,
            "code": mail.code,
            "code_words": _("Or type this code where you are asked for it"),
            "safety": _("We never ask for a password by mail or on the phone."),
            "why": _("You get this mail because of your account. It names nobody on purpose."),
            "emergency": _(
                "Nobody reads answers to this address. In an emergency call %(number)s.",
                number=kept.emergency_number,
            ),
        }
        text = render_template("email/mail.txt", **said)
        page = render_template("email/mail.html", **said)
    message = EmailMessage()
    message["From"] = kept.mail_from
    message["To"] = mail.to
    message["Subject"] = subject
    message["Date"] = format_datetime(now)
    message["Message-ID"] = make_msgid(domain=kept.mail_from.rpartition("@")[2])
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    message.add_alternative(page, subtype="html")
    return message


def send(kept: Settings, message: EmailMessage) -> None:
    """Hand a mail to the mail server.

    Raises:
        OSError: the server is away, or its certificate is not good.
        smtplib.SMTPException: it refuses.
    """
    host, port = kept.smtp_host, kept.smtp_port
    if kept.smtp_security is SmtpSecurity.TLS:
        context = ssl.create_default_context()
        with smtplib.SMTP_SSL(host, port, timeout=PATIENCE, context=context) as server:
            _hand_over(kept, server, message)
        return
    with smtplib.SMTP(host, port, timeout=PATIENCE) as server:
        if kept.smtp_security is SmtpSecurity.STARTTLS:
            server.starttls(context=ssl.create_default_context())
        _hand_over(kept, server, message)


def _hand_over(kept: Settings, server: smtplib.SMTP, message: EmailMessage) -> None:
    if kept.smtp_user:
        server.login(kept.smtp_user, kept.smtp_password)
    server.send_message(message)
