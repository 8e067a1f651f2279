"""Every command and every option says what it is for."""

import argparse
from collections.abc import Iterator

import pytest

from adherence.cli.main import parser

PROMISED = [
    *("demo", "serve", "db", "account", "token", "work", "rebuild", "audit"),
    *("cma", "episodes", "pdc"),
    *("backup", "restore", "export", "keys"),
]


def parsers(
    of: argparse.ArgumentParser, path: str = "adherence"
) -> Iterator[tuple[str, argparse.ArgumentParser, str | None]]:
    """Each command below ``of`` with the words that call it and the line that lists it."""
    for action in of._actions:
        if isinstance(action, argparse._SubParsersAction):
            said = {choice.dest: choice.help for choice in action._choices_actions}
            for name, child in action.choices.items():
                yield f"{path} {name}", child, said.get(name)
                yield from parsers(child, f"{path} {name}")


ALL = list(parsers(parser()))


@pytest.mark.parametrize(("words", "command", "listed"), ALL, ids=[words for words, _, _ in ALL])
def test_a_command_and_its_options_explain_themselves(
    words: str, command: argparse.ArgumentParser, listed: str | None
):
    silent = [
        action.dest
        for action in command._actions
        if not action.help and not isinstance(action, argparse._SubParsersAction)
    ]

    assert listed, f"{words} is not explained where commands are listed"
    assert command.description, f"{words} --help does not say what it does"
    assert silent == []


@pytest.mark.parametrize("name", PROMISED)
def test_a_promised_command_exists(name: str):
    assert f"adherence {name}" in [words for words, _, _ in ALL]
