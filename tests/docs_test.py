"""Runs what README.md and docs/ show, so that no document promises a command that does not work.

A document's blocks run in order in one empty folder, with the built `redoubt` on PATH. The word after the fence decides:

    ```console            `$ ` starts a command, which must exit 0; the lines below it are its output. `...` stands for
                          any lines where it is a line of its own, and for any text within a line.
    ```console real-log   the same, but needs the real redo log: skipped, and said so, where it is absent
    ```console planned    the same, but may be ahead of the program: skipped, and said so, while the program does not
                          know the command, and so are the blocks below it, which may build on it; not real-log ones
    ```sh                 a script that must exit 0; what it prints does not matter

`./do ...` builds and tests, this test among the rest, so it is not run here: `do` must have the command. A command in
a block of any other kind fails: it would never be tried. Links to files must lead somewhere, and a test that is named as
`room.Suite.Test` or `tests/NAME_test.py` must exist.
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(os.environ["REDOUBT_SOURCE"])
REDOUBT = pathlib.Path(os.environ["REDOUBT"])
SHARED = pathlib.Path(os.environ["REDOUBT_SHARED"]).resolve()
REAL_LOG = SHARED / "data/redo/example-free-23"
BLOCK = re.compile(r"^```(\S*)[ \t]*(\S*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)")
TEST_NAME = re.compile(r"`(?:(\w+)\.([A-Z]\w+)\.(\w+)|(tests/[a-z_]+\.py))`")
COMMAND = re.compile(r"^(\$ |redoubt |\./do )", re.MULTILINE)


def run(script, folder):
    environment = {**os.environ, "PATH": f"{REDOUBT.parent}:{os.environ['PATH']}", "REDOUBT_SHARED": str(SHARED)}
    return subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=folder, env=environment, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300)


def do_has(command):
    listed = subprocess.run([SOURCE / "do"], capture_output=True, text=True, check=True).stdout
    return re.search(rf"^  {re.escape(command)}\s", listed, re.MULTILINE) is not None


def known(script):
    """Whether the program knows every `redoubt COMMAND [SUBCOMMAND]` of the script: where it does not, --help explains
    the part it knows, which still wants a SUBCOMMAND."""
    for words in re.findall(r"\bredoubt((?: [a-z][a-z-]*){1,2})(?= |$)", script, re.MULTILINE):
        help_text = subprocess.run([REDOUBT, *words.split(), "--help"], capture_output=True, text=True).stdout
        if re.search(r"^Usage: .* SUBCOMMAND", help_text, re.MULTILINE):
            return False
    return True


def matches(expected, shown):
    pattern = ""
    for line in expected:
        if line.strip() == "...":
            pattern += r"(?:[^\n]*\n)*?"
        else:
            pattern += ".*".join(re.escape(part) for part in line.rstrip().split("...")) + r"[ \t]*\n"
    return re.fullmatch(pattern, shown if not shown or shown.endswith("\n") else shown + "\n") is not None


def steps_of(body):
    """The commands of a console block, each with the output shown below it; a trailing backslash continues one."""
    steps = []
    continued = False
    for line in body.splitlines():
        if line.startswith("$ "):
            steps.append([line[2:], []])
        elif continued:
            steps[-1][0] += "\n" + line
        elif steps:
            steps[-1][1].append(line)
        else:
            raise ValueError("a console block starts with a command")
        continued = line.endswith("\\") and (line.startswith("$ ") or continued)
    return steps


def check_command(command, expected, folder):
    words = command.split()
    if words[0] == "./do":
        return None if len(words) == 1 or do_has(words[1]) else f"./do has no command {words[1]}"
    outcome = run(command, folder)
    if outcome.returncode != 0:
        return f"`{command}` exited {outcome.returncode} and printed:\n{outcome.stdout}"
    if not matches(expected, outcome.stdout):
        return f"`{command}` printed:\n{outcome.stdout}\nbut the document shows:\n" + "\n".join(expected)
    return None


def check_block(kind, body, folder):
    """What is wrong with an executable block, or None."""
    if kind == "sh":
        steps = [(line, None) for line in body.splitlines() if line.startswith("./do")]
        rest = "\n".join(line for line in body.splitlines() if not line.startswith("./do"))
        faults = [check_command(command, [], folder) for command, _ in steps]
        outcome = run(rest, folder)
        if outcome.returncode != 0:
            faults.append(f"exited {outcome.returncode} and printed:\n{outcome.stdout}")
    else:
        faults = (check_command(command, expected, folder) for command, expected in steps_of(body))
    return next((fault for fault in faults if fault), None)


def test_exists(room, suite, test, script):
    if script:
        return (SOURCE / script).exists()
    definition = re.compile(rf"^TEST(_F|_P)?\(\s*{suite},\s*{test}\s*\)", re.MULTILINE)
    return any(definition.search(path.read_text()) for path in (SOURCE / room).glob("*_test.cc"))


def check_document(path):
    text = path.read_text()
    name = path.relative_to(SOURCE)
    failures = 0

    def report(at, verdict):
        print(f"{name}:{text.count(chr(10), 0, at) + 1}: {verdict}")

    for link in LINK.finditer(text):
        if not (path.parent / link.group(1)).exists():
            report(link.start(), f"failed: the link {link.group(1)} leads nowhere")
            failures += 1
    for named in TEST_NAME.finditer(text):
        if not test_exists(*named.groups()):
            report(named.start(), f"failed: there is no test {named.group(0)}")
            failures += 1
    ahead = False
    with tempfile.TemporaryDirectory() as folder:
        for block in BLOCK.finditer(text):
            kind, mark, body = block.groups()
            if kind not in ("console", "sh"):
                if COMMAND.search(body):
                    report(block.start(), "failed: a command that no test runs; make the block ```console or ```sh")
                    failures += 1
                continue
            if mark not in ("", "real-log", "planned"):
                report(block.start(), f"failed: unknown mark '{mark}'")
                failures += 1
            elif mark == "real-log" and not REAL_LOG.is_dir():
                report(block.start(), f"skipped: the real redo log is not in {REAL_LOG}")
            elif mark and not known(body):
                report(block.start(), "skipped: the program does not have this command yet")
                ahead = ahead or mark == "planned"
            elif ahead and mark != "real-log":
                report(block.start(), "skipped: a block above it was")
            else:
                fault = check_block(kind, body, folder)
                report(block.start(), f"failed: {fault}" if fault else "passed")
                failures += fault is not None
    return failures


if __name__ == "__main__":
    documents = [SOURCE / "README.md", SOURCE / "CONTRIBUTING.md", *sorted((SOURCE / "docs").glob("**/*.md"))]
    sys.exit(1 if sum([check_document(document) for document in documents]) else 0)
