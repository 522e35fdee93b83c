"""Failpoints: what a setting may say, and what passing an armed or unarmed point does to a real process."""

import os
import signal
import subprocess
import sys

import pytest

from common.kit.failpoints import KILLED_STATUS, Armed, FailpointUnknown, parsed

PASS_THREE_TIMES = """
import sys
from common.kit.failpoints import arm, failpoint
arm(sys.argv[1])
for turn in range(3):
    failpoint("relay.after_read")
    print(turn, flush=True)
"""


def start(setting):
    return subprocess.Popen([sys.executable, "-c", PASS_THREE_TIMES, setting], stdout=subprocess.PIPE, text=True)


def turns(said):
    return [line for line in said.splitlines() if line.isdecimal()]


class TestSetting:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("", Armed("")),
            ("api.after_effect", Armed("api.after_effect", 1)),
            ("api.after_effect:7", Armed("api.after_effect", 7)),
            ("api.after_effect:2:pause", Armed("api.after_effect", 2, pauses=True)),
        ],
    )
    def test_says_where_when_and_how(self, text, expected):
        assert parsed(text) == expected

    @pytest.mark.parametrize("text", ["relay.after_lunch", "relay.after_read:0", "relay.after_read:x", ":1", "a:b:c"])
    def test_is_refused_when_it_names_nothing(self, text):
        with pytest.raises(FailpointUnknown):
            parsed(text)


class TestPassing:
    def test_does_nothing_in_a_process_without_the_setting(self):
        with start("") as process:
            assert turns(process.communicate(timeout=30)[0]) == ["0", "1", "2"]
        assert process.returncode == 0

    def test_does_nothing_at_another_point(self):
        with start("relay.after_lock") as process:
            assert turns(process.communicate(timeout=30)[0]) == ["0", "1", "2"]

    def test_ends_the_process_at_the_nth_time(self):
        with start("relay.after_read:2") as process:
            assert turns(process.communicate(timeout=30)[0]) == ["0"]
        assert process.returncode == KILLED_STATUS

    def test_freezes_it_until_it_is_continued(self):
        with start("relay.after_read:3:pause") as process:
            _, status = os.waitpid(process.pid, os.WUNTRACED)
            assert os.WIFSTOPPED(status)

            process.send_signal(signal.SIGCONT)
            assert turns(process.communicate(timeout=30)[0]) == ["0", "1", "2"]
        assert process.returncode == 0
