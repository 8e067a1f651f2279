"""Every command and every option says what it is for."""

from collections.abc import Iterator

import click
import pytest
from adherence.cli import main
from click.testing import CliRunner


def commands(
    group: click.Command, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Each command below ``group`` with the words that call it."""
    yield path, group
    if isinstance(group, click.Group):
        for name, command in sorted(group.commands.items()):
            yield from commands(command, (*path, name))


ALL = list(commands(main))


@pytest.mark.parametrize(
    ("path", "command"), ALL, ids=[" ".join(path) or "adherence" for path, _ in ALL]
)
def test_a_command_explains_itself(path: tuple[str, ...], command: click.Command):
    shown = CliRunner().invoke(main, [*path, "--help"])

    assert shown.exit_code == 0
    assert command.help or command.short_help
    silent = [
        option.name
        for option in command.params
        if isinstance(option, click.Option) and not option.help
    ]
    assert silent == []


def test_the_commands_readme_promises_exist():
    assert {"demo", "serve", "db", "account", "token", "work", "rebuild", "audit"} <= set(
        main.commands
    )
