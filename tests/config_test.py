"""redoubt config, and capture told by a file: every problem at once and nothing started, options over the file, the
reference in docs/configuration.md as the program prints it."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

REDOUBT = os.environ["REDOUBT"]
SOURCE = pathlib.Path(os.environ["REDOUBT_SOURCE"])
REFERENCE = "## All keys\n\n"

failures = 0


def run(folder, *arguments, **environment):
    return subprocess.run([REDOUBT, *arguments], cwd=folder, env={**os.environ, **environment}, text=True,
                          capture_output=True, timeout=300)


def expect(name, holds, outcome):
    global failures
    if not holds:
        failures += 1
        print(f"{name}: exit {outcome.returncode}\n{outcome.stdout[:2000]}{outcome.stderr[:2000]}")


def check_command(folder):
    good = folder / "good.yaml"
    good.write_text("databases: {orders: {dsn: 'sqlite:x', password: '${ORDERS_PW}'}}\ncapture: {on_gap: skip}\n")
    outcome = run(folder, "config", "check", "good.yaml", ORDERS_PW="tiger")
    expect("good", outcome.returncode == 0 and outcome.stdout == "configuration is good: 3 keys\n", outcome)
    outcome = run(folder, "config", "check", "good.yaml")
    expect("variable", outcome.returncode == 2 and outcome.stderr ==
           "redoubt: good.yaml:1:49: databases.orders.password: the environment variable ORDERS_PW is not set\n", outcome)

    bad = folder / "bad.yaml"
    bad.write_text("capture:\n  on-gap: skip\n  checksums: 1\n  tables: '('\n")
    outcome = run(folder, "config", "check", "bad.yaml")
    expect("bad", outcome.returncode == 2 and outcome.stdout == "" and outcome.stderr.count("bad.yaml:") == 3, outcome)
    outcome = run(folder, "config", "check", "--json", "bad.yaml")
    answer = json.loads(outcome.stdout)
    expect("json", outcome.returncode == 2 and not answer["good"] and outcome.stderr == "" and
           [(p["line"], p["column"], p["severity"], p["key"]) for p in answer["problems"]] ==
           [(2, 3, "error", "capture.on-gap"), (3, 14, "error", "capture.checksums"), (4, 11, "error", "capture.tables")],
           outcome)
    outcome = run(folder, "config", "check")
    expect("absent", outcome.returncode == 2 and "redoubt.yaml" in outcome.stderr, outcome)


def capture_from_file(folder):
    made = run(folder, "simulate", "--seed", "1", "--transactions", "20", "--types", "all", "sim")
    expect("simulate", made.returncode == 0, made)
    plain = run(folder, "capture", "--dictionary", "sim/schema.json", "sim")
    commits = [json.loads(line)["commit_scn"] for line in plain.stdout.splitlines() if '"op":"begin"' in line]
    expect("plain", plain.returncode == 0 and len(commits) > 15, plain)

    outcome = run(folder, "capture")
    expect("no log", outcome.returncode == 2 and "no redo log is named" in outcome.stderr, outcome)

    config = folder / "capture.yaml"
    config.write_text(f"capture:\n  logs: sim\n  dictionary: sim/schema.json\n  to_scn: {commits[9]}\n"
                      "  output: from_file.jsonl\n")
    outcome = run(folder, "capture", "--config", "capture.yaml")
    half = (folder / "from_file.jsonl").read_text()
    expect("file", outcome.returncode == 0 and half.count('"op":"begin"') == 10 and plain.stdout.startswith(half), outcome)

    (folder / "from_file.jsonl").unlink()
    outcome = run(folder, "capture", "--config", "capture.yaml", "--to-scn", str(commits[-1]), "--output", "-")
    expect("options win", outcome.stdout == plain.stdout and not (folder / "from_file.jsonl").exists(), outcome)
    outcome = run(folder, "capture", "--config", "capture.yaml", "--output", "-", "nowhere")
    expect("logs win", outcome.returncode != 0 and "nowhere" in outcome.stderr and outcome.stdout == "", outcome)

    (folder / "redoubt.yaml").write_text(config.read_text())
    outcome = run(folder, "capture", "--output", "-")
    expect("redoubt.yaml is read when it is there", outcome.stdout == half, outcome)

    # Its own section is good, another is not: nothing is started.
    (folder / "redoubt.yaml").write_text(config.read_text() + "databases: {orders: {}}\n")
    outcome = run(folder, "capture", "--output", "new.jsonl")
    expect("whole", outcome.returncode == 2 and "databases.orders.dsn" in outcome.stderr and
           not (folder / "new.jsonl").exists(), outcome)


def reference(folder):
    outcome = run(folder, "config", "reference")
    document = SOURCE / "docs/configuration.md"
    text, found, keys = document.read_text().partition(REFERENCE)
    if "--write" in sys.argv:
        document.write_text(text + REFERENCE + outcome.stdout.rstrip("\n") + "\n")
    else:
        expect("docs/configuration.md is not what `redoubt config reference` prints; tests/config_test.py --write puts it "
               "there", found and keys.rstrip("\n") == outcome.stdout.rstrip("\n"), outcome)


with tempfile.TemporaryDirectory() as temporary:
    if "--write" not in sys.argv:
        check_command(pathlib.Path(temporary))
        capture_from_file(pathlib.Path(temporary))
    reference(pathlib.Path(temporary))
sys.exit(1 if failures else 0)
