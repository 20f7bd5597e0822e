"""redo_check.py, the independent reader, put to work on a directory that `redoubt simulate` has written.

    verify(logs), compare(directory, logs)     None, or what is wrong
"""
import json
import os
import pathlib
import re
import subprocess
import sys

CHECK = pathlib.Path(os.environ["REDOUBT_SHARED"]) / "check/redo_check.py"

# What it says it cannot show.
UNSUPPORTED = re.compile(r"LOB out of row|JSON|VECTOR|index-organized table|encrypted column")


def run(*words):
    result = subprocess.run([str(w) for w in words], capture_output=True, text=True)
    return result.returncode, result.stdout, result.stderr


# Between a thread's logs it knows no other SCNs than those that follow on each other.
SCN_HOLE = re.compile(r"^thread (\d+) rba 0x(\w+)\..* log-set: first SCN (\d+), next SCN of the log before \d+$")


class Header:
    """What the second block of a log says."""

    def __init__(self, log):
        with open(log, "rb") as file:
            data = file.read(8192)
        order = "little" if data[28] == 0x7D else "big"
        block = data[int.from_bytes(data[20:24], order):]
        number = lambda at, size: int.from_bytes(block[at:at + size], order)
        self.thread, self.sequence, self.disabled = number(176, 2), number(8, 4), block[205]
        self.enabled = number(208, 4)  # simulated SCNs have 32 bits


def verify(logs):
    code, out, err = run(sys.executable, CHECK, "verify", "--complete", "--limit", 1000000, *logs)
    if code == 0:
        return None
    enabled = {(log.thread, log.sequence, log.enabled) for log in map(Header, logs)}
    found = [line for line in out.splitlines() if line.startswith("thread ")]
    holes = [SCN_HOLE.match(line) for line in found]
    if found and all(hole and (int(hole[1]), int(hole[2], 16), int(hole[3])) in enabled for hole in holes):
        return None  # the thread was disabled in between
    return f"redo_check.py verify: {out[-3000:]}{err[-1000:]}"


def same(ours, theirs):
    """Equal, but for what the other reader cannot show."""
    if isinstance(theirs, dict) and "$unsupported" in theirs:
        return True
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return ours.keys() == theirs.keys() and all(same(ours[k], theirs[k]) for k in ours)
    if isinstance(ours, list) and isinstance(theirs, list):
        return len(ours) == len(theirs) and all(map(same, ours, theirs))
    return ours == theirs


def brief(v):
    text = json.dumps(v, ensure_ascii=False)
    return text if len(text) < 200 else text[:200] + "..."


def difference(ours, theirs):
    """None, or the first place where two lists of transactions differ."""
    for a, b in zip(ours, theirs):
        head = [{k: v for k, v in t.items() if k != "ops"} for t in (a, b)]
        if head[0] != head[1]:
            return f"transaction {head[0]}, {head[1]}"
        for n, (x, y) in enumerate(zip(a["ops"], b["ops"]), 1):
            for key in x:
                if key not in ("before", "after") and x[key] != y.get(key):
                    return f"{head[0]} op {n}: {key} {x[key]}, {y.get(key)} ({x['op']} of {x['table']})"
            for side in ("before", "after"):
                for column in {**x[side], **y[side]}:
                    mine, other = x[side].get(column, "absent"), y[side].get(column, "absent")
                    if not same(mine, other):
                        return f"{head[0]} op {n} ({x['op']} of {x['table']}): {side}.{column} {brief(mine)}, {brief(other)}"
        if len(a["ops"]) != len(b["ops"]):
            return f"{head[0]}: {len(a['ops'])} operations, {len(b['ops'])}"
    return None if len(ours) == len(theirs) else f"{len(ours)} transactions, {len(theirs)}"


def exact(number):
    """A number of JSON, unlike the same digits in quotes."""
    return ("number", number)


def read(file, number=str):
    text = file if isinstance(file, str) else file.read_text(encoding="utf-8")
    return [json.loads(line, parse_float=number, parse_int=number) for line in text.splitlines()]


def schemas(directory):
    """A dictionary per container."""
    return sorted(pathlib.Path(directory).glob("schema*.json"))


def whole_truth(directory):
    """Of all containers, in commit order; numbers are `exact`."""
    files = sorted(pathlib.Path(directory).glob("truth*.jsonl"))
    assert len(files) == len(schemas(directory)) > 0
    return sorted((t for file in files for t in read(file, exact)), key=lambda t: (int(t["commit_scn"][1]), int(t["thread"][1])))


def shown(transactions):
    """Without the rows of tables that the independent reader leaves out."""
    kept = [dict(t, ops=[op for op in t["ops"] if op["table"] != "IOT"]) for t in transactions]
    return [t for t in kept if t["ops"]]


def without_unchanged(ours, theirs):
    """Their updates without LOBs that were only moved along, which the truth does not tell."""
    for a, b in zip(ours, theirs):
        for x, y in zip(a["ops"], b["ops"]):
            if x["op"] == y["op"] == "u":
                for column in y["before"].keys() - x["before"].keys():
                    if y["before"][column] == y["after"].get(column):
                        del y["before"][column], y["after"][column]
    return theirs


def without_later_columns(ours, theirs):
    """Their rows without columns that were added behind them: it shows all rows as the table is at the commit."""
    for a, b in zip(ours, theirs):
        for x, y in zip(a["ops"], b["ops"]):
            for side in ("before", "after"):
                for column in y[side].keys() - x[side].keys():
                    if column.startswith("ADDED_") and y[side][column] is None:
                        del y[side][column]
    return theirs


def compare(directory, logs, widened=False):
    """None, or where its rows and the truth part, in any container. `widened`: columns came while rows were held."""
    for schema in schemas(directory):
        problem = compare_container(schema, logs, widened)
        if problem:
            return f"{schema.name}: {problem}"
    return None


def compare_container(schema, logs, widened):
    code, out, err = run(sys.executable, CHECK, "rows", "--dictionary", schema, "--tables", r"SIM\..*", *logs)
    trouble = [line for line in err.splitlines() if line.startswith("unsupported:")]
    strange = [line for line in trouble if not UNSUPPORTED.search(line)]
    if strange or code not in (0, 2) or code == 2 and not trouble:
        return f"redo_check.py rows exits {code}: " + "\n".join(strange or [err[-2000:]])
    ours = shown(read(schema.with_name(schema.name.replace("schema", "truth").replace(".json", ".jsonl"))))
    theirs = without_unchanged(ours, read(out))
    problem = difference(ours, without_later_columns(ours, theirs) if widened else theirs)
    return problem and f"truth and redo_check.py: {problem}"
