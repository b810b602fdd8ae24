"""Counts outlive the process that counted them."""

import json
import logging
import time

import pytest
import time_machine

from finances import counts
from finances.counts import Memory


@pytest.fixture
def memory():
    memory = Memory()
    memory.clear()
    yield memory
    memory.clear()


def replace(memory, folder):
    """End a process, as it were, and begin another."""
    counts.leave(folder / "0.json")
    memory.clear()
    counts.take_up(folder / "0.json")


def test_the_next_process_goes_on_with_what_was_counted_and_for_as_long_as_it_was(memory, tmp_path):
    memory.set("tries", 99, 3600)
    memory.set("known", "0f", 86_400)

    with time_machine.travel(time.time(), tick=False) as clock:
        clock.shift(1000)
        replace(memory, tmp_path)
        after = memory.get("tries"), memory.get("known")
        clock.shift(2599)
        near_its_end = memory.get("tries")
        clock.shift(2)
        later = memory.get("tries"), memory.get("known")

    assert (after, near_its_end, later) == ((99, "0f"), 99, (None, "0f"))


def test_what_is_over_is_left_out(memory, tmp_path):
    with time_machine.travel(time.time(), tick=False) as clock:
        memory.set("minute", 1, 60)
        memory.set("hour", 1, 3600)
        clock.shift(61)
        counts.leave(tmp_path / "0.json")
        [file] = tmp_path.iterdir()
        left = json.loads(file.read_text())
        clock.shift(3600)
        memory.clear()
        counts.take_up(tmp_path / "0.json")

    assert set(left) == {"hour"}
    assert memory.counts() == {}


def test_what_is_left_is_added_to_what_is_counted_and_once(memory, tmp_path):
    end = time.time() + 3600
    (tmp_path / "0.json").write_text(json.dumps({"tries": [4, end], "known": ["1", end]}))
    (tmp_path / "1.json").write_text(json.dumps({"tries": [9, end]}))  # of another place
    memory.set("tries", 3, 3600)
    memory.set("known", "0", 3600)

    for _ in range(2):
        counts.take_up(tmp_path / "0.json")

    assert (memory.get("tries"), memory.get("known")) == (7, "0")
    assert [path.name for path in tmp_path.iterdir()] == ["1.json"]


def test_a_process_that_leaves_twice_is_counted_once(memory, tmp_path):
    memory.set("tries", 2, 3600)
    counts.leave(tmp_path / "0.json")
    memory.incr("tries")

    replace(memory, tmp_path)

    assert memory.get("tries") == 3


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "5", '{"a": 1}', '{"a": [1]}', '{"a": [null, 9e9]}', '{"a": [[], 9e9]}', '{"a": [1, "x"]}', "\xff"],
)
def test_a_file_of_something_else_is_logged_and_nothing_more(memory, tmp_path, caplog, text):
    (tmp_path / "1.json").write_bytes(text.encode("latin-1"))
    memory.set("tries", 5, 60)

    counts.take_up(tmp_path / "1.json")

    assert memory.counts().keys() == {"tries"}
    assert list(tmp_path.iterdir()) == []
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


def test_without_a_folder_nothing_is_taken_up_and_a_loss_is_logged(memory, tmp_path, caplog):
    memory.set("tries", 5, 60)

    counts.take_up(tmp_path / "nowhere" / "0.json")
    counts.leave(tmp_path / "nowhere" / "0.json")

    assert memory.get("tries") == 5
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


def test_no_more_is_kept_than_fits(memory, tmp_path, monkeypatch):
    monkeypatch.setattr(counts, "MOST_COUNTS", 10)
    small = Memory()
    for number in range(50):
        small.set(f"{number}", 1, 60)

    replace(small, tmp_path)

    assert 1 <= len(small.counts()) <= 10
    assert small.get("49") == 1
