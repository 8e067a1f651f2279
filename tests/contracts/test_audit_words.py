"""Every action that may stand in the audit is called something, in every language."""

from __future__ import annotations

import ast
from pathlib import Path

from adherence.domain.access import POLICY, Relation
from adherence.domain.audit import Kind, Refusal
from adherence.web import audit_words

SERVICES = Path(__file__).resolve().parent.parent.parent / "adherence" / "services"
#: The calls that write a line, and which of their arguments is the action.
WRITERS = {"audit": 0, "audit_clinic": 2}


def written() -> set[str]:
    """Every action that a service writes, read from its source."""
    found: set[str] = set()
    for path in SERVICES.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if name in WRITERS and len(node.args) > WRITERS[name]:
                said = node.args[WRITERS[name]]
                found |= {
                    one.value
                    for one in ast.walk(said)
                    if isinstance(one, ast.Constant) and isinstance(one.value, str)
                }
    return found


def test_what_is_written_and_what_may_be_refused_has_words():
    actions = {one for one in written() if one.count(".") <= 1 and not one.endswith(".")}

    assert len(actions) > 40
    assert (actions | set(POLICY)) - set(audit_words.ACTIONS) == set()
    assert set(audit_words.KINDS) == set(Kind)
    assert set(audit_words.REFUSALS) == set(Refusal)


def test_every_relation_that_is_not_ones_own_has_words():
    assert set(audit_words.RELATIONS) == set(Relation) - {
        Relation.SELF,
        Relation.CLINIC,
        Relation.NONE,
    }
