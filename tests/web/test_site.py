"""The application leaves out of Flask what nothing here uses; these hold it to that."""

from __future__ import annotations

import gc
from inspect import iscoroutinefunction

from flask import Flask

from adherence.web import site


def test_no_view_and_no_hook_is_a_coroutine(app: Flask):
    hooks = (app.before_request_funcs, app.after_request_funcs, app.teardown_request_funcs)
    found = [
        *app.view_functions.values(),
        *(hook for each in hooks for some in each.values() for hook in some),
        *(
            hook
            for some in app.error_handler_spec.values()
            for each in some.values()
            for hook in each.values()
        ),
    ]

    assert len(found) > 100
    assert [each for each in found if iscoroutinefunction(each)] == []


def test_what_is_there_at_the_start_is_not_looked_through_again():
    before = gc.get_threshold()
    try:
        site.freeze()
        assert gc.get_freeze_count() > 1000
        assert gc.get_threshold() == (site.YOUNG, *before[1:])
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)
