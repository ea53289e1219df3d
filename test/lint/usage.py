"""Holds the usage blocks of the documentation against the program's own --help; --write brings them up to date.

A block stands between `<!-- usage: SUBCOMMAND -->` and `<!-- /usage -->`, each on a line of its own. Every subcommand
has its block in exactly one of the files, but for one whose help is that of another.
"""

import argparse
import pathlib
import re
import subprocess
import sys

OPENING = re.compile(r"^<!-- usage:", re.MULTILINE)
BLOCK = re.compile(r"^<!-- usage: (\S+) -->\n(.*?)^<!-- /usage -->$", re.MULTILINE | re.DOTALL)
# "  cmdriver       create and delete ConfigMaps in an open loop"
SUBCOMMAND = re.compile(r"^  ([a-z][a-z_-]*) +\S", re.MULTILINE)
PROGRAM = "k8scale"


def subcommands(general_help):
    """The names that the help of the whole program lists."""
    return [name for name in SUBCOMMAND.findall(general_help) if name != PROGRAM]


def fenced(help_text):
    lines = [line.rstrip() for line in help_text.strip("\n").splitlines()]
    return "\n".join(["```", *lines, "```", ""])


def refresh(text, helps):
    """`text` with every block filled from `helps`, which has the help of each subcommand."""
    return BLOCK.sub(lambda block: f"<!-- usage: {block[1]} -->\n{fenced(helps[block[1]])}<!-- /usage -->", text)


def complaints(texts, helps):
    """What is wrong with the blocks in `texts` (of files, by name), one line each."""
    found, places = [], {}
    for file, text in texts.items():
        blocks = list(BLOCK.finditer(text))
        if len(OPENING.findall(text)) != len(blocks):
            found.append(f"{file}: a usage block that is not closed, or lies in another")
        for block in blocks:
            name = block[1]
            places.setdefault(name, []).append(file)
            if name not in helps:
                found.append(f"{file}: usage of {name}, which is no subcommand")
            elif block[2] != fenced(helps[name]):
                found.append(f"{file}: usage of {name} differs from --help")
    found += [f"usage of {name} stands in {' and '.join(files)}, expected one place"
              for name, files in places.items() if len(files) > 1]
    shown = {helps[name] for name in places if name in helps}
    found += [f"usage of {name} stands nowhere" for name, text in helps.items() if text not in shown]
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="fill the blocks instead of checking them")
    parser.add_argument("binary", type=pathlib.Path)
    parser.add_argument("file", type=pathlib.Path, nargs="+")
    arguments = parser.parse_args()

    def output(*words):
        command = [arguments.binary.resolve(), *words]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    helps = {name: output(name, "--help") for name in subcommands(output("--help"))}
    if arguments.write:
        for file in arguments.file:
            old = file.read_text()
            if (new := refresh(old, helps)) != old:
                file.write_text(new)
        return
    found = complaints({str(file): file.read_text() for file in arguments.file}, helps)
    if found:
        files = " ".join(map(str, arguments.file))
        sys.exit("\n".join([*found, f"python3 test/lint/usage.py --write {arguments.binary} {files} renews what is there"]))


if __name__ == "__main__":
    main()
