"""Interactive shells behind a terminal, to see what a press of the TAB key makes of a line."""

import contextlib
import os
import pty
import re
import select
import subprocess
import time

INPUTRC = "set enable-bracketed-paste off\nset bell-style none\nset completion-ignore-case off\n"


class Shell:
    """bash or zsh that has run `setup`; a context manager. `folder` is its own, for files of it."""

    def __init__(self, command, setup, folder):
        (folder / "inputrc").write_text(INPUTRC)
        self._folder = folder
        self._setup = setup
        self._main, side = pty.openpty()
        environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "TERM": "dumb", "INPUTRC": str(folder / "inputrc"),
                       "LC_ALL": "C.UTF-8", "COLUMNS": "400"}
        self._process = subprocess.Popen(command, stdin=side, stdout=side, stderr=side, cwd=folder, env=environment,
                                         start_new_session=True)
        os.close(side)

    def __enter__(self):
        self._run(self._setup)
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.wait()
        os.close(self._main)

    def completed(self, typed):
        """The words of the line that begins as `typed`, after TAB. The cursor then goes to the line's begin, where a
        command is put that stores the words."""
        target = self._folder / "words"
        with contextlib.suppress(FileNotFoundError):
            target.unlink()
        self._send(f"{typed}\t\x01printf '%s\\0' >{target} \n")
        self._wait(target.exists)
        self._run("true")
        return target.read_text().split("\0")[:-1]

    def _run(self, command):
        """Runs it and waits for its end."""
        mark = self._folder / "mark"
        with contextlib.suppress(FileNotFoundError):
            mark.unlink()
        self._send(f"{command}; touch {mark}\n")
        self._wait(mark.exists)

    def _send(self, text):
        os.write(self._main, text.encode())

    def _wait(self, condition):
        shown = b""
        end = time.monotonic() + 60
        while not condition():
            if select.select([self._main], [], [], 0.05)[0]:
                shown += os.read(self._main, 65536)
            assert time.monotonic() < end and self._process.poll() is None, shown.decode(errors="replace")


def bash_candidates(script, words):
    """What bash would offer for the last of these words, which it has split as it does by default."""
    split = [part for word in words for part in re.split("(=)", word) if part] + ([""] if words[-1] == "" else [])
    quoted = " ".join(f"'{part}'" for part in split)
    last = "''" if split[-1] in ("", "=") else f"'{split[-1]}'"
    program = (f"source {script}; compopt() {{ :; }}; COMP_WORDS=({quoted}); COMP_CWORD={len(split) - 1}\n"
               f"$(complete -p '{words[0]}' | sed 's/.*-F \\([^ ]*\\).*/\\1/') '{words[0]}' {last} '{split[-2]}'\n"
               "printf '%s\\n' \"${COMPREPLY[@]}\"")
    finished = subprocess.run(["bash", "--norc", "-uc", program], capture_output=True, text=True, timeout=30, check=True)
    assert finished.stderr == ""
    return finished.stdout.split()
