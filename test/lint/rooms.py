"""Holds every #include against the table of rooms: who may use whom."""

import pathlib
import re
import sys

# A room may include its own headers and the public headers of these.
MAY_USE = {
    "base": set(),
    "net": {"base"},
    "measure": {"base"},
    "kube": {"net", "base"},
    "load": {"kube", "measure", "net", "base"},
    "observe": {"kube", "measure", "net", "base"},
    "apiserver": {"net", "measure", "base"},
    "profile": {"net", "base"},
    "blocks": {"net", "measure", "base"},
}
MAY_USE["subcommands"] = set(MAY_USE)
# Data that both sides of the wire must spell alike.
EXCEPTIONS = {("apiserver", "k8scale/kube/resource.h")}
# Slow to compile: their users offer plain classes instead.
SLOW = re.compile(r"boost/(beast|asio/ssl)\b")
MAY_BE_SLOW = {"net", "blocks"}

INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]')


def room_of(path):
    """The room that a path below the top folder belongs to, or None."""
    parts = path.parts
    if parts[0] == "subcommands":
        return "subcommands"
    if parts[:2] == ("include", "k8scale"):
        return parts[2]
    return parts[1] if parts[0] == "src" else None


def complaint(room, path, included):
    """What is wrong with `room` including `included` in the file `path`, or None."""
    if SLOW.match(included) and (room not in MAY_BE_SLOW or path.suffix != ".cpp"):
        return f"only .cpp files of {' and '.join(sorted(MAY_BE_SLOW))} may include it"
    parts = included.split("/")
    public = parts[0] == "k8scale" and len(parts) > 2
    used = parts[1] if public else parts[0]
    if used not in MAY_USE or used == room or (room, included) in EXCEPTIONS:
        return f"there is no room {used}" if public and used not in MAY_USE else None
    if not public:
        return f"a private header of {used}" if len(parts) > 1 else None
    if used not in MAY_USE[room]:
        return f"{room} may not use {used}"
    return None


def check(top):
    """One line for each include that breaks the table."""
    found = []
    files = [path for folder in ("include", "src", "subcommands") for path in sorted((top / folder).rglob("*"))]
    for path in files:
        if path.suffix not in (".h", ".cpp"):
            continue
        relative = path.relative_to(top)
        room = room_of(relative)
        if room not in MAY_USE:
            found.append(f"{relative}: there is no room {room}")
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if (match := INCLUDE.match(line)) and (wrong := complaint(room, relative, match[1])):
                found.append(f"{relative}:{number}: {match[1]}: {wrong}")
    return found


def main():
    found = check(pathlib.Path(__file__).resolve().parents[2])
    print(*found, sep="\n", end="\n" if found else "")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
