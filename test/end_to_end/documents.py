"""Reads README.md and docs/*.md: blocks of code, inline code, and tables."""

import dataclasses
import pathlib
import re

TOP = pathlib.Path(__file__).resolve().parents[2]
FENCE = "```"
# "<!-- real server -->" in front of a block, "<!-- json: summary -->" in front of a table.
NOTE = re.compile(r"<!-- (?P<note>[^>]*?) -->")
INLINE = re.compile(r"`([^`]+)`")


def pages():
    return [TOP / "README.md", *sorted((TOP / "docs").glob("*.md"))]


@dataclasses.dataclass
class Block:
    """A fenced block: its page, the line where it begins, what stands behind the fence, and the note in front of it."""
    page: pathlib.Path
    line: int
    language: str
    note: str
    text: str = ""

    @property
    def place(self):
        return f"{self.page.name}:{self.line}"


def split(page):
    """The blocks of a page, and its other lines with their numbers."""
    blocks, prose, open_block = [], [], None
    note = ""
    for number, line in enumerate(page.read_text().splitlines(), 1):
        if open_block and line == FENCE:
            open_block = None
        elif open_block:
            open_block.text += line + "\n"
        elif line.startswith(FENCE):
            open_block = Block(page, number, line.removeprefix(FENCE), note)
            blocks.append(open_block)
        else:
            prose.append((number, line))
        found = NOTE.fullmatch(line)
        note = found["note"] if found else ""
    assert open_block is None, f"{page}: a block that is not closed"
    return blocks, prose


def blocks():
    return [block for page in pages() for block in split(page)[0]]


def is_of_dev(line):
    return bool(re.match(r"\./dev\b", line))


def inline_code():
    """Page, line and text of everything between backticks."""
    return [(page, number, code) for page in pages() for number, line in split(page)[1] for code in INLINE.findall(line)]


def cells(line):
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def tables(page):
    """The tables behind a note, by the note: lists of rows, which are cells by the table's heads."""
    found, note, rows = {}, None, []
    for _, line in [*split(page)[1], (0, "")]:
        if match := NOTE.fullmatch(line):
            note, rows = match["note"], []
        elif note and line.startswith("|"):
            rows.append(cells(line))
        elif rows:
            assert note not in found, f"{page}: two tables {note}"
            found[note] = [dict(zip(rows[0], row, strict=True)) for row in rows[2:]]
            note, rows = None, []
    return found


def codes(cell):
    """What stands between backticks there."""
    return INLINE.findall(cell)
