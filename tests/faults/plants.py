"""``python -m tests.faults.plants``: plant known faults and see that tests find them.

Each plant is a change of a few words in a copy of the tree, and the tests that have to turn red.
First these tests run on the untouched copy and have to be green. A plant whose words are no longer
in the code is an error, and so is one that breaks the import: such a red says nothing. The exit
status is 0 only when every plant was found. About five minutes on one core; ``--only`` names some.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from os import environ
from pathlib import Path

ROOT = Path(__file__).parents[2]
WEB, SERVICES = "tests/web/test_sign_in.py", "tests/services/test_sign_in.py"
SESSIONS, ONCE = "tests/web/test_sessions.py", "tests/services/test_one_time.py"
ACCOUNTS, KEYS = "tests/services/test_accounts.py", "tests/services/test_passkeys.py"
STEPS, HEADERS = "tests/security/test_steps.py", "tests/web/test_headers.py"
TWINS = "tests/contracts/test_two_clinics.py"
FORMS, PROCESSES = "tests/web/test_forms.py", "tests/services/test_two_processes.py"


@dataclass(frozen=True, slots=True)
class Edit:
    """Words of one file, found there exactly once, and what stands in their place."""

    path: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Plant:
    """One fault, and the tests that have to find it."""

    name: str
    edits: tuple[Edit, ...]
    tests: tuple[str, ...]


def plant(name: str, tests: str | tuple[str, ...], *edits: tuple[str, str, str]) -> Plant:
    """A plant from plain tuples of path (below ``adherence``), words before and words after."""
    named = (tests,) if isinstance(tests, str) else tests
    return Plant(
        name,
        tuple(Edit(f"adherence/{path}", before, after) for path, before, after in edits),
        named,
    )


_KEPT_ID = ("services/sessions.py", "secret=new_token(),", "secret=browser.held or new_token(),")

PLANTS: tuple[Plant, ...] = (
    # --- sessions ------------------------------------------------------------------------------
    plant(
        "S2 the id before sign-in stays after it",
        (
            f"{WEB}::test_S2_an_id_planted_before_signing_in_is_worth_nothing_after",
            f"{SESSIONS}::test_S2_a_cookie_planted_before_sign_in_is_dead_after",
        ),
        _KEPT_ID,
    ),
    plant(
        "S2 a step-up keeps the id",
        f"{SERVICES}::test_S2_every_step_has_a_new_id_and_the_one_before_is_dead",
        _KEPT_ID,
    ),
    plant(
        "S2 the id of the first step lives on beside the second",
        f"{SERVICES}::test_S2_every_step_has_a_new_id_and_the_one_before_is_dead",
        (
            "store/sessions.py",
            "sa.delete(SESSION).where(SESSION.c.digest == _digest).returning(SESSION.c.account_id)",
            "sa.update(SESSION).where(SESSION.c.digest == _digest)"
            ".values(digest=_digest).returning(SESSION.c.account_id)",
        ),
    ),
    plant(
        "S3 a copied cookie is alive again as the next person",
        f"{WEB}::test_S3_a_cookie_copied_before_sign_out_is_not_the_next_persons",
        _KEPT_ID,
        (
            "web/sessions.py",
            "    g.session_cookie = None\n    g.clears_cache = True",
            "    g.clears_cache = True",
        ),
    ),
    plant(
        "S3 sign-out only forgets the cookie",
        f"{SESSIONS}::test_S3_a_cookie_copied_before_sign_out_is_worth_nothing_after",
        (
            "services/sessions.py",
            "        run.do(table.drop_session, digest=digest)\n        audit_clinic(run, actor,",
            "        audit_clinic(run, actor,",
        ),
    ),
    plant(
        "S1 the id is stored as it is",
        (
            f"{WEB}::test_S1_no_table_holds_an_id_or_a_code_in_the_clear",
            f"{SESSIONS}::test_S1_the_cookie_is_256_bits_and_the_table_has_only_its_hash",
        ),
        (
            "services/sessions.py",
            'return hashlib.sha256(secret.encode("utf-8", "replace")).digest()',
            'return secret.encode("utf-8", "replace")',
        ),
    ),
    plant(
        "S4 polls prolong a session",
        f"{SESSIONS}::test_S4_no_poll_prolongs_a_session",
        ("web/sessions.py", "if g.session.is_stale and _is_act():", "if g.session.is_stale:"),
    ),
    plant(
        "S4 opening a session prolongs it",
        f"{ACCOUNTS}::test_opening_a_session_never_prolongs_it",
        (
            "services/sessions.py",
            "    return Opened(\n        actor_from(row, row.for_patient_id),",
            "    see_session(secret, now)\n"
            "    return Opened(\n        actor_from(row, row.for_patient_id),",
        ),
    ),
    plant(
        "S4 pictures and polls count as acts",
        f"{SESSIONS}::test_S4_no_poll_prolongs_a_session",
        (
            "web/policy.py",
            "if session is not None and rule.is_act:",
            "if session is not None:",
        ),
    ),
    plant(
        "S4 no absolute limit",
        f"{SESSIONS}::test_S4_a_session_ends_however_much_a_person_does",
        ("services/sessions.py", "if row is None or now >= row.ends_at:", "if row is None:"),
    ),
    plant(
        "S4 a step-up moves the absolute limit",
        f"{SERVICES}::test_S9_a_factor_shown_again_makes_the_session_fresh_and_no_longer",
        (
            "services/sessions.py",
            "        ends_at, started_at = continues.ends_at, continues.started_at",
            "        started_at = continues.started_at",
        ),
    ),
    plant(
        "S4 no idle limit",
        f"{SESSIONS}::test_S4_an_idle_session_ends",
        (
            "services/sessions.py",
            "    if since >= _idle_limit(row.role):",
            "    if since < SEEN_EVERY * 0:",
        ),
    ),
    plant(
        "S5 a disabled account stays in",
        (f"{ACCOUNTS}::test_an_account_that_is_not_active_is_out_even_where_its_rows_were_left",),
        (
            "store/sessions.py",
            ".where(SESSION.c.digest == _digest, ACCOUNT.c.active.is_(True))",
            ".where(SESSION.c.digest == _digest)",
        ),
    ),
    plant(
        "S5 all sessions end but this process forgets to say so",
        f"{PROCESSES}::test_S5_what_ends_here_is_over_there_at_the_next_question",
        (
            "services/sessions.py",
            "ended = run.do(table.drop_sessions_of, account_id=actor.account_id)",
            "ended = 1",
        ),
    ),
    plant(
        "S6 sessions have no list",
        f"{WEB}::test_S6_sessions_are_listed_and_ended_one_by_one_and_all_at_once",
        (
            "store/sessions.py",
            "        SESSION.c.stage == Stage.FULL.value,\n    )\n",
            "        SESSION.c.stage == Stage.FULL.value,\n        sa.false(),\n    )\n",
        ),
    ),
    plant(
        "S6 anybody ends anybody's session",
        f"{WEB}::test_S6_nobody_ends_anothers_session",
        (
            "store/sessions.py",
            'SESSION.c.account_id == _account, SESSION.c.id == sa.bindparam("session_id"',
            '_account == _account, SESSION.c.id == sa.bindparam("session_id"',
        ),
    ),
    plant(
        "S7 a cookie without Secure",
        (
            f"{HEADERS}::test_S7_every_cookie_is_bound_to_this_host_and_hidden_from_scripts",
            f"{HEADERS}::test_S7_signing_in_sets_the_same_kind_of_cookie",
        ),
        (
            "web/sessions.py",
            'name, secret, seconds, path="/", secure=True, httponly=True, samesite=samesite',
            'name, secret, seconds, path="/", httponly=True, samesite=samesite',
        ),
    ),
    plant(
        "S8 opening a mailed link signs in",
        (
            f"{WEB}::test_S8_no_get_uses_a_code_up_or_signs_in",
            f"{SESSIONS}::test_S8_no_get_begins_a_session",
        ),
        (
            "pages/sign_in.py",
            '    """Show the field for a code from paper, a mail or whoever runs the server."""\n',
            '    """Show the field for a code from paper, a mail or whoever runs the server."""\n'
            "    found = service.by_code(\n"
            '        request.args.get("token", ""), csrf.pre(), sessions.browser(), now()\n'
            "    )\n"
            "    if isinstance(found, Entered):\n"
            "        return went_in(found)\n",
        ),
    ),
    plant(
        "S9 an old factor is good enough",
        f"{WEB}::test_S9_every_action_that_needs_it_is_refused_when_stale",
        (
            "web/policy.py",
            "if rule.is_fresh and (session is None or not session.is_fresh(now())):",
            "if rule.is_fresh and session is None:",
        ),
    ),
    plant(
        "S9 a PIN for this device counts as a proof",
        f"{SERVICES}::test_a_pin_chosen_later_takes_the_place_of_the_one_before",
        (
            "services/devices.py",
            "        secret = begin(run, new, actor, Stage.FULL, session.via, continues=session, "
            "is_proof=False)\n        run.do(session_table.set_device",
            "        secret = begin(run, new, actor, Stage.FULL, session.via)\n"
            "        run.do(session_table.set_device",
        ),
    ),
    plant(
        "S10 pages may be kept by a proxy",
        f"{HEADERS}::test_S10_nothing_but_style_and_script_is_kept_anywhere",
        ("web/headers.py", 'NO_STORE = "no-store"', 'NO_STORE = "private"'),
    ),
    plant(
        "a failed view leaves the rows it wrote",
        "tests/store/test_db.py::test_an_error_takes_everything_of_its_own_job_back",
        (
            "store/db.py",
            "                if group[0].error is not None:\n                    raw.rollback()",
            "                if group[0].error is not None:\n                    raw.commit()",
        ),
    ),
    # --- codes and links -----------------------------------------------------------------------
    plant(
        "A11 a code works twice",
        f"{ONCE}::test_A11_a_code_works_until_its_last_moment_and_not_at_it",
        (
            "store/one_time.py",
            "_open = sa.and_(ONE_TIME.c.used_at.is_(None), ONE_TIME.c.ends_at > _now)",
            "_open = sa.and_(ONE_TIME.c.ends_at > _now)",
        ),
    ),
    plant(
        "A11 a mailed link works twice",
        f"{SERVICES}::test_a_patients_mailed_link_signs_in_once_where_it_was_asked_for",
        (
            "store/one_time.py",
            "_open = sa.and_(ONE_TIME.c.used_at.is_(None), ONE_TIME.c.ends_at > _now)",
            "_open = sa.and_(ONE_TIME.c.ends_at > _now)",
        ),
    ),
    plant(
        "A11 of many who redeem at once several win: look, then write",
        f"{ONCE}::test_A11_of_twenty_that_redeem_a_code_together_one_wins",
        (
            "store/one_time.py",
            ".where(ONE_TIME.c.digest == _digest, _purpose, _open, ONE_TIME.c.bound.is_(None))",
            ".where(ONE_TIME.c.digest == _digest, _purpose, ONE_TIME.c.bound.is_(None))",
        ),
    ),
    plant(
        "A11 a code never ends",
        f"{ONCE}::test_A11_a_code_works_until_its_last_moment_and_not_at_it",
        (
            "store/one_time.py",
            "_open = sa.and_(ONE_TIME.c.used_at.is_(None), ONE_TIME.c.ends_at > _now)",
            "_open = sa.and_(ONE_TIME.c.used_at.is_(None), ONE_TIME.c.ends_at != _now)",
        ),
    ),
    plant(
        "A14 a mailed link works in any browser",
        f"{SERVICES}::test_a_patients_mailed_link_signs_in_once_where_it_was_asked_for",
        (
            "store/one_time.py",
            ".where(ONE_TIME.c.digest == _digest, _purpose, _open, ONE_TIME.c.bound.is_(None))",
            ".where(ONE_TIME.c.digest == _digest, _purpose, _open)",
        ),
    ),
    plant(
        "A14 a new invitation leaves the old one open",
        f"{SERVICES}::test_A11_a_new_invitation_ends_the_one_before_and_lasts_fourteen_days",
        (
            "services/invites.py",
            "    for purpose in INVITES:\n        run.do(",
            "    for purpose in ():\n        run.do(",
        ),
    ),
    plant(
        "A14 digits may be guessed for ever",
        f"{ONCE}::test_A14_after_five_wrong_digits_the_right_ones_no_longer_help",
        ("store/one_time.py", "_open, ONE_TIME.c.tries < TRIES)", "_open)"),
    ),
    plant(
        "P5 a code for one thing is good for another",
        f"{ONCE}::test_P5_a_code_is_good_for_its_purpose_alone",
        (
            "services/one_time.py",
            'return keyed(f"one-time:{purpose}", code) if bound',
            'return keyed("one-time", code) if bound',
        ),
        (
            "store/one_time.py",
            '_purpose = ONE_TIME.c.purpose == sa.bindparam("purpose", type_=Choice(Purpose))',
            '_purpose = sa.bindparam("purpose", type_=Choice(Purpose)) != "x"',
        ),
    ),
    plant(
        "K3 earlier keys are forgotten at once",
        f"{ONCE}::test_K3_codes_made_under_an_earlier_key_work_while_it_is_listed",
        (
            "settings.py",
            "return (self.secret_key, *self.secret_key_fallbacks)",
            "return (self.secret_key,)",
        ),
    ),
    # --- the second step -----------------------------------------------------------------------
    plant(
        "A13 a code of the app works twice",
        f"{SERVICES}::test_A13_a_code_of_the_app_works_once",
        (
            "store/accounts.py",
            'ACCOUNT.c.totp_step < sa.bindparam("step", type_=sa.BigInteger),',
            'ACCOUNT.c.totp_step <= sa.bindparam("step", type_=sa.BigInteger),',
        ),
    ),
    plant(
        "A13 a code of the app from two minutes ago is taken",
        f"{SERVICES}::test_A13_a_code_more_than_a_step_off_is_refused",
        ("domain/sign_in.py", "TOTP_DRIFT = 1", "TOTP_DRIFT = 4"),
    ),
    plant(
        "A14 recovery codes are kept as they are",
        f"{SERVICES}::test_A14_recovery_codes_are_kept_as_keyed_hashes_and_belong_to_one_account",
        (
            "services/factors.py",
            '"digest": keyed("recovery", str(account_id), code)[0],',
            '"digest": code.encode(),',
        ),
    ),
    plant(
        "A14 a recovery code works twice",
        f"{SERVICES}::test_A14_a_recovery_code_works_once_and_however_it_is_typed",
        (
            "store/factors.py",
            "        RECOVERY.c.account_id == _account,\n        RECOVERY.c.used_at.is_(None),\n"
            "    )\n    .values",
            "        RECOVERY.c.account_id == _account,\n    )\n    .values",
        ),
    ),
    plant(
        "A14 two hundred wrong codes, then the right one",
        f"{WEB}::test_A14_wrong_second_steps_are_stopped_by_session_and_by_account",
        (
            "web/throttles.py",
            '"second_step": (Limit(own_session, 5, QUARTER), Limit(own_account, 10, QUARTER)),',
            '"second_step": (Limit(own_session, 500, QUARTER), Limit(own_account, 500, QUARTER)),',
        ),
    ),
    plant(
        "A14 signing in again gives five new tries, without end",
        f"{WEB}::test_A14_wrong_second_steps_are_stopped_by_session_and_by_account",
        (
            "web/throttles.py",
            "Limit(own_session, 5, QUARTER), Limit(own_account, 10, QUARTER)",
            "Limit(own_session, 5, QUARTER),",
        ),
    ),
    plant(
        "A9 a password sets up a second factor of its own",
        f"{STEPS}::test_A9_a_password_alone_sets_up_no_second_factor",
        (
            "services/sign_in.py",
            "            check_step(run, session, Step.ENROL)\n        factors.store_totp",
            "            pass\n        factors.store_totp",
        ),
    ),
    plant(
        "A9 pages of steps open in any order",
        f"{STEPS}::test_A9_no_step_is_taken_out_of_turn",
        ("pages/steps.py", "    if _needed(actor) is not step:", "    if actor is None:"),
    ),
    plant(
        "A9 a patient's password chooses a PIN",
        f"{STEPS}::test_A9_a_patients_password_or_mail_chooses_no_pin",
        ("services/devices.py", "        check_step(run, session, Step.WELCOME)\n", ""),
    ),
    plant(
        "A9 a pending sign-in opens pages",
        f"{WEB}::test_A9_a_sign_in_halfway_opens_its_own_steps_and_nothing_else",
        (
            "web/policy.py",
            "if session is not None and session.stage not in rule.stages:",
            "if session is not None and rule.stages == frozenset({Stage.PENDING}) and "
            "session.stage not in rule.stages:",
        ),
    ),
    plant(
        "A9 staff need no second factor",
        f"{SERVICES}::test_A9_a_password_alone_opens_nothing_but_the_second_step",
        (
            "domain/sign_in.py",
            "or role in STAFF or has_factor:",
            "or (role in STAFF and role is not Role.CLINICIAN):",
        ),
    ),
    plant(
        "A12 staff may drop their last factor",
        f"{SERVICES}::test_A12_staff_cannot_be_left_without_a_second_step",
        (
            "services/sign_in.py",
            "if row.role is not Role.PATIENT and not has_totp and not has_passkey:",
            "if row is None:",
        ),
    ),
    plant(
        "A12 a mailed link passes the second factor",
        f"{SERVICES}::test_A12_a_mailed_link_leads_staff_to_the_second_step_and_no_further",
        (
            "domain/sign_in.py",
            "    if via in (Via.PASSKEY, Via.PIN) or",
            "    if via in (Via.PASSKEY, Via.PIN, Via.MAIL, Via.RESET) or",
        ),
    ),
    # --- passwords and PINs --------------------------------------------------------------------
    plant(
        "A3 common passwords are taken",
        f"{SERVICES}::test_A3_every_common_password_that_is_long_enough_is_refused",
        (
            "domain/passwords.py",
            "    if folded in common or _is_repeated(folded)",
            "    if _is_repeated(folded)",
        ),
    ),
    plant(
        "A2 a password is cut at 72 bytes",
        f"{SERVICES}::test_A2_what_comes_after_72_bytes_counts",
        (
            "services/passwords.py",
            'return normalised(password).encode("utf-8", "replace")',
            'return normalised(password).encode("utf-8", "replace")[:72]',
        ),
    ),
    plant(
        "A5 a new password leaves other sessions open",
        f"{SERVICES}::test_A5_a_new_password_needs_the_old_one_and_ends_all_other_sessions",
        (
            "services/sign_in.py",
            "        run.do(\n            session_table.drop_other_sessions,",
            "        (\n            session_table.drop_other_sessions,",
        ),
        (
            "services/sign_in.py",
            "            account_id=actor.account_id,\n            digest=digest_of(secret),\n",
            "            actor.account_id,\n            digest_of(secret),\n",
        ),
    ),
    plant(
        "A6 guessing is not held up",
        f"{WEB}::test_A6_guessing_at_one_account_is_stopped_and_its_owner_is_not",
        ("web/throttles.py", "Limit(account_from_here, 10, QUARTER),", ""),
    ),
    plant(
        "A6 guessing locks the owner out",
        f"{WEB}::test_A6_guessing_at_one_account_is_stopped_and_its_owner_is_not",
        ("web/throttles.py", "Limit(account_from_here, 10,", "Limit(account, 10,"),
    ),
    plant(
        "A7 an unknown account costs no hash",
        f"{SERVICES}::test_A7_known_and_unknown_accounts_cost_the_same_work",
        (
            "services/sign_in.py",
            "    is_right = passwords.fits(stored, password)\n    new = beginning(browser, now)\n"
            "    newer = None",
            "    is_right = stored is not None and passwords.fits(stored, password)\n"
            "    new = beginning(browser, now)\n    newer = None",
        ),
    ),
    plant(
        "A7 a mail is prepared for known addresses only",
        f"{SERVICES}::test_A7_asking_for_a_mail_costs_the_same_work",
        (
            "services/sign_in.py",
            "        one_time.add(run, link)\n        one_time.add(run, code)\n",
            "        if account_id is None:\n            return\n"
            "        one_time.add(run, link)\n        one_time.add(run, code)\n",
        ),
    ),
    plant(
        "A14 a PIN may be guessed for ever",
        (
            f"{SERVICES}::test_A14_five_wrong_pins_shut_the_device",
            f"{SERVICES}::test_A14_of_fifty_wrong_pins_at_once_five_are_checked",
        ),
        (
            "store/devices.py",
            "_live = sa.and_(DEVICE.c.revoked_at.is_(None), DEVICE.c.tries < TRIES)",
            "_live = sa.and_(DEVICE.c.revoked_at.is_(None))",
        ),
    ),
    plant(
        "A14 a lost phone's PIN still opens",
        f"{SERVICES}::test_a_lost_phone_is_shut_out_with_what_is_open_on_it",
        (
            "store/devices.py",
            "_live = sa.and_(DEVICE.c.revoked_at.is_(None), DEVICE.c.tries < TRIES)",
            "_live = sa.and_(DEVICE.c.tries < TRIES)",
        ),
        (
            "store/devices.py",
            "        _device,\n        DEVICE.c.revoked_at.is_(None),\n        DEVICE.c.pin ==",
            "        _device,\n        DEVICE.c.pin ==",
        ),
    ),
    plant(
        "a PIN's hash can be searched without the device",
        f"{SERVICES}::test_a_pin_is_worth_nothing_without_the_devices_own_cookie",
        (
            "services/devices.py",
            "row: Any = write(lambda run: run.first(table.try_pin, digest=digest))\n"
            "    is_right = passwords.pin_fits(None if row is None else row.pin, cookie, pin)",
            "row: Any = write(lambda run: run.first(table.try_pin, digest=digest))\n"
            "    is_right = row is not None",
        ),
    ),
    plant(
        "A16 as many hashes at once as anybody asks for",
        "tests/security/test_limits.py::test_A16_thirty_two_sign_ins_at_once_take_the_memory_of_two",
        (
            "settings.py",
            "    hashes_at_once: int = field(\n        default=2,",
            "    hashes_at_once: int = field(\n        default=32,",
        ),
    ),
    plant(
        "V5 strangers ask as often as they like",
        "tests/security/test_limits.py::test_V5_a_stranger_asks_so_often_a_minute_and_others_are_served",
        (
            "web/policy.py",
            "        throttles.pace(None)\n        raise SignedOut",
            "        raise SignedOut",
        ),
    ),
    # --- passkeys ------------------------------------------------------------------------------
    plant(
        "a passkey's answer with counter 0 signs in again",
        f"{KEYS}::test_a_question_is_answered_once_even_where_keys_count_nothing",
        (
            "services/passkeys.py",
            "used = write(lambda run: one_time.redeem(run, shown, now))",
            "used = one_time.looked_up(shown, now)",
        ),
    ),
    plant(
        "a passkey's answer works in another browser",
        f"{KEYS}::test_an_answer_is_worth_nothing_in_another_browser_or_too_late",
        (
            "services/passkeys.py",
            "used = write(lambda run: one_time.redeem(run, shown, now))",
            "used = one_time.looked_up(shown, now)",
        ),
    ),
    plant(
        "a passkey signs in without the person",
        f"{KEYS}::test_what_was_signed_elsewhere_or_by_nobody_is_refused",
        (
            "services/passkeys.py",
            "            credential_current_sign_count=row.count if is_known else 0,\n"
            "            require_user_verification=True,",
            "            credential_current_sign_count=row.count if is_known else 0,\n"
            "            require_user_verification=False,",
        ),
    ),
    plant(
        "another person's passkey is a second step",
        f"{KEYS}::test_a_passkey_is_the_second_step_and_another_persons_is_not",
        (
            "services/passkeys.py",
            "    if row.account_id != session.actor.account_id:\n        raise Refused\n    new =",
            "    new =",
        ),
    ),
    # --- forms and answers ---------------------------------------------------------------------
    plant(
        "O9 forms need no token",
        f"{FORMS}::test_O9_every_post_without_the_sessions_own_token_is_refused",
        (
            "web/csrf.py",
            'if not hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode()):',
            "if given is None:",
        ),
    ),
    plant(
        "O9 forms may come from other sites",
        f"{FORMS}::test_O9_a_post_from_elsewhere_is_refused_even_with_the_token",
        ("web/csrf.py", "    _check_origin()\n    secret", "    secret"),
    ),
    plant(
        "a proof leads anywhere",
        f"{WEB}::test_a_proof_leads_back_to_us_and_nowhere_else",
        ("pages/factors.py", "    return to if is_ours else HOME", "    return to or HOME"),
    ),
    plant(
        "O7 errors have no content policy",
        f"{HEADERS}::test_O7_every_answer_has_one_content_policy_and_it_is_tight",
        (
            "web/headers.py",
            "    if CSP not in headers:",
            "    if CSP not in headers and response.status_code < 400:",
        ),
    ),
    plant(
        "P2 any host is served",
        "tests/web/test_proxies.py::test_P2_a_host_that_is_not_ours_is_not_served",
        (
            "web/proxies.py",
            'app.config["TRUSTED_HOSTS"] = list(settings.trusted_hosts)',
            'app.config["TRUSTED_HOSTS"] = None',
        ),
    ),
    plant(
        "P2 forwarded headers are believed from anybody",
        "tests/web/test_proxies.py::test_P2_without_proxies_forwarded_headers_change_nothing",
        ("web/proxies.py", "hops = settings.proxy_hops\n", "hops = settings.proxy_hops or 1\n"),
    ),
    plant(
        "a form has no size",
        f"{FORMS}::test_a_form_has_one_size_however_it_is_encoded",
        (
            "web/bodies.py",
            "    elif mimetype in FORMS:\n        limit = settings.form_limit",
            "    elif mimetype in FORMS:\n        limit = settings.film_limit",
        ),
    ),
    # --- two clinics ---------------------------------------------------------------------------
    plant(
        "Z7 an exercise takes the pages of another clinic's under the same id",
        f"{TWINS}::test_Z7_nobody_of_the_northern_clinic_reads_a_southern_word_or_id",
        (
            "store/exercises.py",
            "sa.and_(OWN_VERSION.c.clinic_id == OWN.c.clinic_id, OWN_VERSION.c.exercise_id",
            "sa.and_(OWN_VERSION.c.clinic_id.is_not(None), OWN_VERSION.c.exercise_id",
        ),
    ),
    plant(
        "Z7 an entry is found by the device's id alone",
        f"{TWINS}::test_Z7_what_is_sent_again_is_ones_own",
        (
            "store/entries.py",
            "sa.select(ENTRY.c.payload_hash, ENTRY.c.seq).where(\n        _mine, ",
            "sa.select(ENTRY.c.payload_hash, ENTRY.c.seq).where(\n        ",
        ),
    ),
    plant(
        "Z7 an entry is shown by the device's id alone",
        f"{TWINS}::test_Z7_nobody_of_the_northern_clinic_reads_a_southern_word_or_id",
        (
            "store/entries.py",
            ".select_from(_marked)\n    .where(_mine, ENTRY.c.client_id",
            ".select_from(_marked)\n    .where(ENTRY.c.client_id",
        ),
    ),
    plant(
        "Z7 a supply is found by its id alone",
        f"{TWINS}::test_Z7_what_is_sent_again_is_ones_own",
        (
            "store/supplies.py",
            "sa.select(*SUPPLY.c).where(_mine, _this)",
            "sa.select(*SUPPLY.c).where(_this)",
        ),
    ),
    plant(
        "Z2 a route without a policy starts",
        "tests/contracts/test_routes.py::test_Z2_an_application_with_an_unguarded_route_does_not_start",
        ("web/policy.py", "        raise UnguardedRoute(f", "        str(f"),
    ),
)


def names() -> list[str]:
    """The files of the tree, by their paths below its root."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    found = listed.stdout.decode().split("\0")
    return [name for name in found if name and (ROOT / name).is_file()]


def copied(to: Path) -> None:
    """Put a copy of the tree at ``to``."""
    for name in names():
        place = to / name
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, place)


def planted(one: Plant, root: Path) -> dict[Path, str]:
    """The changed files of a plant, by path.

    Raises:
        ValueError: words that are not there exactly once, or a file that is no Python any more.
    """
    changed: dict[Path, str] = {}
    for edit in one.edits:
        path = root / edit.path
        text = changed.get(path) or path.read_text("utf-8")
        if text.count(edit.before) != 1:
            raise ValueError(
                f"{one.name}: {edit.path} has {text.count(edit.before)} x {edit.before!r}"
            )
        changed[path] = text.replace(edit.before, edit.after)
    for path, text in changed.items():
        compile(text, str(path), "exec")
    return changed


def ran(tests: tuple[str, ...], root: Path) -> subprocess.CompletedProcess[str]:
    """What pytest says of some tests in the copy at ``root``, on SQLite."""
    command = [sys.executable, "-m", "pytest", "-q", "-n0", "-p", "no:cacheprovider", "--tb=line"]
    command += ["-k", "not postgresql", *dict.fromkeys(tests)]
    env = {**environ, "PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(command, cwd=root, env=env, capture_output=True, text=True, check=False)


def is_found(answer: subprocess.CompletedProcess[str]) -> bool:
    """Whether tests failed, as opposed to not even having begun."""
    last = answer.stdout.strip().rpartition("\n")[2]
    return answer.returncode == 1 and " failed" in last and " error" not in last


def trials(wanted: list[Plant], root: Path) -> Iterator[tuple[Plant, bool, str]]:
    """Each plant, whether every one of its tests found it, and the last line that pytest said."""
    for one in wanted:
        before = {path: path.read_text("utf-8") for path in planted(one, root)}
        for path, text in planted(one, root).items():
            path.write_text(text, "utf-8")
        answers = [ran((test,), root) for test in one.tests]
        for path, text in before.items():
            path.write_text(text, "utf-8")
        said = " | ".join(answer.stdout.strip().rpartition("\n")[2] for answer in answers)
        yield one, all(is_found(answer) for answer in answers), said


def main() -> int:
    """Plant what was asked for; 0 when every fault was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.plants", description=__doc__)
    parser.add_argument("--only", default="", help="plants whose name holds these words")
    asked = parser.parse_args()
    wanted = [one for one in PLANTS if asked.only in one.name]
    missed = []
    with tempfile.TemporaryDirectory(prefix="adherence-plants-") as name:
        root = Path(name)
        copied(root)
        sound = ran(tuple(test for one in wanted for test in one.tests), root)
        if sound.returncode:
            print(sound.stdout[-4000:])
            return 2
        print(f"{len(wanted)} plants; untouched: {sound.stdout.strip().rpartition(chr(10))[2]}")
        for one, found, said in trials(wanted, root):
            print(f"{'found ' if found else 'MISSED'}  {one.name}: {said}", flush=True)
            if not found:
                missed.append(one.name)
    print(f"{len(wanted) - len(missed)} of {len(wanted)} found")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
