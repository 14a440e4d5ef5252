"""Commands that a document shows, and what comes out of them.

Blocks fenced as `console`: a line after "$ " is typed, the lines below it must come out; "..." stands
for any lines, or within a line for any text; where no line is below, anything may come out."""

import re

BLOCK = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)
HERE_TEXT = re.compile(r"<<(\w+)$")
DONE = "--- done"


def command_length(lines):
    """How many of @lines, that begin with a command, are typed: up to its last line or here-text's end."""
    here_text = HERE_TEXT.search(lines[0])
    if here_text:
        return lines.index(here_text.group(1)) + 1
    count = 1
    while lines[count - 1].endswith("\\"):
        count += 1
    return count


def examples(text):
    """(typed, expected lines) of every command in @text."""
    found = []
    for block in BLOCK.findall(text):
        lines = block.splitlines()
        while lines:
            assert lines[0].startswith("$ "), f"neither typed nor under a command: {lines[0]}"
            length = command_length(lines)
            output = length
            while output < len(lines) and not lines[output].startswith("$ "):
                output += 1
            found.append(("\n".join(lines[:length])[2:], [line for line in lines[length:output] if line]))
            lines = lines[output:]
    return found


def comes_out(expected, lines):
    """Whether @lines are those @expected; nothing expected: whatever comes. How many blanks stand between two
    columns depends on the widest entry, which may be one that is not shown."""
    expected, lines = ([re.sub(r"(?<=\S) +", " ", line) for line in some] for some in (expected, lines))
    pattern = "".join("(?:.*\\n)*?" if line == "..." else ".*".join(map(re.escape, line.split("..."))) + "\\n"
                      for line in expected)
    shown = "".join(line.rstrip() + "\n" for line in lines if line)
    return not expected or re.fullmatch(pattern, shown) is not None


def run(shell, typed):
    """Types @typed; gives what came out and the exit status."""
    shell.stdin.write(f"{typed}\nprintf '\\n{DONE} %s\\n' $?\n")
    shell.stdin.flush()
    lines = []
    for line in shell.stdout:
        if line.startswith(DONE):
            return lines, int(line.split()[-1])
        lines.append(line.rstrip("\n"))
    raise AssertionError("the shell ended at: " + typed)


def check(shell, text, name):
    """Types all that @text shows, in @shell; yields each command with the lines that came out."""
    shown = examples(text)
    assert shown, f"{name} shows nothing"
    for typed, expected in shown:
        lines, status = run(shell, typed)
        output = "\n".join(lines)
        yield typed, lines
        assert status == 0, f"$ {typed}\nended with status {status}:\n{output}"
        assert comes_out(expected, lines), f"$ {typed}\n{name} shows:\n" + "\n".join(expected) + \
            f"\nbut this came out:\n{output}"
