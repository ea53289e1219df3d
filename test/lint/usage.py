"""Holds the usage blocks of a README against the program's own --help; --write brings them up to date.

A block stands between `<!-- usage: SUBCOMMAND -->` and `<!-- /usage -->`, each on a line of its own.
"""

import argparse
import pathlib
import re
import subprocess
import sys

BLOCK = re.compile(r"^<!-- usage: (\S+) -->\n(.*?)^<!-- /usage -->$", re.MULTILINE | re.DOTALL)


def refresh(text, help_of):
    """`text` with every block filled from `help_of(subcommand)`."""
    return BLOCK.sub(lambda block: f"<!-- usage: {block[1]} -->\n{fenced(help_of(block[1]))}<!-- /usage -->", text)


def fenced(help_text):
    lines = [line.rstrip() for line in help_text.strip("\n").splitlines()]
    return "\n".join(["```", *lines, "```", ""])


def stale(text, help_of):
    """The subcommands whose block differs from their help."""
    return [block[1] for block in BLOCK.finditer(text) if block[2] != fenced(help_of(block[1]))]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="fill the blocks instead of checking them")
    parser.add_argument("binary", type=pathlib.Path)
    parser.add_argument("readme", type=pathlib.Path)
    arguments = parser.parse_args()

    def help_of(subcommand):
        command = [arguments.binary.resolve(), subcommand, "--help"]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    text = arguments.readme.read_text()
    if arguments.write:
        arguments.readme.write_text(refresh(text, help_of))
        return
    if text.count("<!-- usage:") != len(BLOCK.findall(text)) or not BLOCK.search(text):
        sys.exit(f"{arguments.readme}: a usage block that is not closed, or none at all")
    if old := stale(text, help_of):
        sys.exit(f"{arguments.readme}: usage of {', '.join(old)} differs from --help; "
                 f"run python3 test/lint/usage.py --write {arguments.binary} {arguments.readme}")


if __name__ == "__main__":
    main()
