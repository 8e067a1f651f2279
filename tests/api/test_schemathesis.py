"""The API asked by a machine that read its description: right and wrong requests, of everything.

Each operation gets as many examples of what the description allows as of what it forbids, with ids
that exist, and all checks of the tool look at each answer: no error of the server, no status or
field that is not described, nothing wrong accepted, nothing right refused, no method that is not
there, no way around the bearer token.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import load_all_checks
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import FailureGroup

from adherence.domain.access import POLICY, Role
from adherence.web.policy import doors
from tests.web.calls import CALLS, ids_of, random_ids, routes
from tests.web.town import Town

OPERATIONS = sorted(name for name in CALLS if name.startswith("api_"))
#: Requests of each operation, half of them what the description allows.
EXAMPLES = 130
#: 422 is what a rule says that no schema can: the end before the start, a goal that contradicts
#: itself, a zone that does not exist.
CONFIG = {
    "checks": {
        "positive_data_acceptance": {
            "expected-statuses": ["2xx", "3xx", "403", "404", "409", "422"],
        }
    }
}


@pytest.fixture(scope="module")
def schema(shared_town: Town) -> Any:
    """The description, loaded from the application, with the checks that look at answers."""
    load_all_checks()
    return schemathesis.openapi.from_wsgi(
        "/api/v1/openapi.json", shared_town.app, config=SchemathesisConfig.from_dict(CONFIG)
    )


def test_the_requests_are_at_least_five_thousand():
    assert len(OPERATIONS) * EXAMPLES >= 5_000


def asker(town: Town, endpoint: str) -> str:
    """Somebody who may use an operation."""
    rule = POLICY[str(doors(town.app)[endpoint].action)]
    if Role.CLINICIAN in rule.roles:
        return "therapist"
    return "own" if Role.PATIENT in rule.roles else "manager"


@pytest.mark.parametrize("endpoint", OPERATIONS)
def test_F7_nothing_that_a_machine_thinks_of_breaks_an_operation(
    shared_town: Town, schema: Any, endpoint: str
):
    town, failures, statuses = shared_town, Counter[str](), Counter[int]()
    route, method = next(one for one in routes(town.app) if one[0].endpoint == endpoint)
    path = route.rule.replace("<uuid:", "{").replace("<int:", "{").replace("<", "{")
    operation = schema[path.replace(">", "}")][method]
    bearer = f"Bearer {town.people[asker(town, endpoint)].bearer}"
    parameters = getattr(town.app.view_functions[endpoint], "parameters", None)
    modes = st.sampled_from([GenerationMode.POSITIVE, GenerationMode.NEGATIVE])

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(data=st.data(), mode=modes, named=st.sampled_from(["own", "own", "near", "none"]))
    def ask(data: st.DataObject, mode: GenerationMode, named: str) -> None:
        # What is wrong is to be the request; who asks is always right.
        case = data.draw(
            operation.as_strategy(generation_mode=mode, headers={"Authorization": bearer})
        )
        ids = random_ids() if named == "none" else ids_of(town.records[named])
        if mode is GenerationMode.POSITIVE and case.path_parameters:
            found = {name: ids.get(name, value) for name, value in case.path_parameters.items()}
            case.path_parameters.update({name: str(value) for name, value in found.items()})
        town.at += timedelta(seconds=1)
        answer = case.call(headers={"Authorization": bearer})
        statuses[answer.status_code] += 1
        try:
            case.validate_response(answer, headers={"Authorization": bearer})
        except FailureGroup as group:
            failures.update(
                f"{type(one).__name__}: {one}"[:400] + f" ({answer.status_code})"
                for one in group.exceptions
            )

    ask()
    assert dict(failures) == {}
    # Where an operation takes nothing, there is little to think of.
    takes_nothing = not route.arguments and not CALLS[endpoint].json and not parameters
    assert sum(statuses.values()) >= (1 if takes_nothing else EXAMPLES // 2)
    assert max(statuses) < 500
