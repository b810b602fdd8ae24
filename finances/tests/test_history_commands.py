import pytest
from django.core.management import CommandError, call_command, get_commands, load_command_class


@pytest.mark.parametrize("name", ["clean_old_history", "clean_duplicate_history", "populate_history"])
def test_a_command_that_would_rewrite_the_past_refuses(name):
    assert get_commands()[name] == "finances"
    with pytest.raises(CommandError, match="past figures are computed from every record"):
        call_command(name)


def test_it_refuses_with_any_options(capsys):
    command = load_command_class("finances", "clean_old_history")

    with pytest.raises(SystemExit):
        command.run_from_argv(["manage.py", "clean_old_history", "--days", "60", "--auto"])

    assert "would rewrite" in capsys.readouterr().err
