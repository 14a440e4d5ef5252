#!/usr/bin/env python3
"""Makes a manual page of a document in docs/, so that what is said stands in one place.

The Markdown that our documents use: headings, paragraphs, lists, fenced blocks, tables. A table
becomes a list of terms: its first column, then the others. Links keep their text alone.
"""

import argparse
import re
import subprocess
import sys

FENCE = "```"
CELLS = re.compile(r"(?<!\\)\|")


def escape(text):
    """What troff would take for its own, as it is; a hyphen stays one that can be searched for."""
    return text.replace("\\", "\\e").replace("-", "\\-")


def shield(line):
    """A line of text that begins as a request does, kept from being one."""
    return "\\&" + line if line.startswith((".", "'")) else line


CODE = r"`[^`]+`|\*\*[^*]+\*\*|(?<![\w*])\*[^*\s][^*]*\*"
# A sentence's end: troff likes each on a line of its own.
SENTENCE = re.compile(r"(?<=[a-z)\d][.;?]) +(?=\S)")


def inline(text):
    """Bold, code (bold in a manual) and links of one paragraph, as lines."""
    text = re.sub(r"\[([^\]]*)\]\([^)\s]*\)", r"\1", text)
    parts = []
    for part in re.split(f"({CODE})", text):
        if part.startswith("`") and len(part) > 1:
            parts.append("\\fB" + escape(part[1:-1]) + "\\fR")
        elif part.startswith("**"):
            parts.append("\\fB" + escape(part[2:-2].replace("`", "")) + "\\fR")
        elif part.startswith("*") and len(part) > 2:
            parts.append("\\fI" + escape(part[1:-1]) + "\\fR")
        else:
            parts.append(SENTENCE.sub("\n", escape(part)))
    return [shield(line.strip()) for line in "".join(parts).split("\n") if line.strip()]


class Page:
    """The lines of the page so far, and what the next paragraph needs in front of it."""

    def __init__(self):
        self.lines = []
        self.after_heading = True

    def request(self, *lines):
        self.lines.extend(lines)

    def gap(self, request):
        """@request, but not directly under a heading, which makes its own gap."""
        if not self.after_heading:
            self.lines.append(request)
        self.after_heading = False

    def text(self, words):
        self.lines.extend(inline(words))

    def heading(self, level, title):
        plain = re.sub(r"[`*]", "", title)
        self.request(f".SH {escape(plain.upper())}" if level <= 2 else f'.SS "{escape(plain)}"')
        self.after_heading = True

    def paragraph(self, lines):
        self.gap(".PP")
        self.text(" ".join(line.strip() for line in lines))

    def literal(self, lines):
        self.gap(".PP")
        self.request(".RS 4", ".nf", *(shield(escape(line)) for line in lines), ".fi", ".RE")

    def item(self, words, mark):
        self.request(f".IP {mark} 4")
        self.after_heading = False
        self.text(words)

    def table(self, rows):
        """A term for each row; columns after it are told by their heads, the last one plainly."""
        heads, body = rows[0], rows[2:]
        for row in body:
            told = [f"{heads[i].capitalize()}: {row[i]}." for i in range(1, len(row) - 1) if row[i]]
            self.request(".TP", " ".join(inline(row[0])))
            self.text(" ".join([row[-1], *told]).strip() or "\u2014")
        self.after_heading = False


def cells(line):
    return [cell.strip().replace("\\|", "|") for cell in CELLS.split(line.strip().strip("|"))]


def take(lines, belongs):
    """The lines at the front that belong together, taken away."""
    count = next((i for i, line in enumerate(lines) if not belongs(line)), len(lines))
    taken = lines[:count]
    del lines[:count]
    return taken


def is_item(line):
    return re.match(r"(?:[-*]|\d+\.) ", line)


def is_plain(line):
    return line.strip() and not line.startswith(("#", FENCE, "|")) and not is_item(line)


def convert(text, page, is_first):
    """Adds a document. The title of the first is the page's name already; of others it is a heading."""
    lines = text.splitlines()
    while lines:
        line = lines[0]
        if not line.strip():
            del lines[0]
        elif line.startswith("#"):
            del lines[0]
            marks, title = line.split(" ", 1)
            if len(marks) > 1 or not is_first:
                page.heading(len(marks), title)
        elif line.startswith(FENCE):
            del lines[0]
            page.literal(take(lines, lambda one: not one.startswith(FENCE)))
            del lines[:1]
        elif line.startswith("|"):
            page.table([cells(row) for row in take(lines, lambda one: one.startswith("|"))])
        elif is_item(line):
            first = lines.pop(0)
            mark, words = first.split(" ", 1)
            more = take(lines, lambda one: one.startswith("  ") and one.strip())
            page.item(" ".join([words, *map(str.strip, more)]), mark if mark[0].isdigit() else "\\(bu")
        else:
            page.paragraph(take(lines, is_plain))


def help_of(program, *words):
    return subprocess.run([program, *words, "--help"], check=True, capture_output=True, text=True).stdout


def add_commands(program, page):
    """Every command's own help, whole: the manual cannot differ from it."""
    names = re.findall(r"^  ([a-z-]+)  +", help_of(program), re.MULTILINE)
    page.heading(2, "Commands in full")
    for name in names:
        page.heading(3, name)
        page.literal(help_of(program, name).rstrip().splitlines())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("documents", nargs="+")
    parser.add_argument("--page", required=True, help="the file to write, such as appealctl.1")
    parser.add_argument("--name", required=True, help="the one line for whatis")
    parser.add_argument("--version", required=True)
    parser.add_argument("--date", required=True)
    parser.add_argument("--commands", metavar="PROGRAM", help="ends with the help of its commands")
    parser.add_argument("--see-also", default="", help="pages, as name(section), separated by blanks")
    options = parser.parse_args()

    title, section = options.page.rsplit("/", 1)[-1].rsplit(".", 1)
    page = Page()
    page.request(f'.TH "{title.upper()}" "{section}" "{options.date}" "appeal\\-router {options.version}"',
                 ".nh", ".ad l", ".SH NAME", f"{escape(title)} \\- {escape(options.name)}",
                 ".SH DESCRIPTION")
    for name in options.documents:
        with open(name, encoding="utf-8") as document:
            convert(document.read(), page, is_first=name == options.documents[0])
    if options.commands:
        add_commands(options.commands, page)
    if options.see_also:
        page.heading(2, "See also")
        page.request(", ".join(re.sub(r"(\S+)(\(\d\))", lambda one: f"\\fB{escape(one[1])}\\fR{one[2]}", one)
                               for one in options.see_also.split()))
    with open(options.page, "w", encoding="utf-8") as output:
        output.write("\n".join(page.lines) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
