"""The real log pair of Oracle 23ai against what is known about it: the recorded expected output, LogMiner's report, the
dictionary changes inside it. Says so and passes where the data is absent."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

REDOUBT = os.environ["REDOUBT"]
DATA = pathlib.Path(os.environ["REDOUBT_SHARED"]) / "data/redo/example-free-23"
LOGS = [str(DATA / "arch1_15_1224959854.dbf"), str(DATA / "arch1_16_1224959854.dbf")]
DICTIONARY = ["--dictionary", str(DATA / "schema.json")]
failures = []


def check(what, got, wanted):
    if got != wanted:
        failures.append(f"{what}:\n  got    {got}\n  wanted {wanted}")


def redoubt(*words):
    result = subprocess.run([REDOUBT, *words], capture_output=True, text=True)
    return result.returncode, result.stdout, result.stderr


def lines(*words):
    code, out, err = redoubt("capture", *words)
    check(f"exit code of capture {' '.join(words)}: {err}", code, 0)
    return [json.loads(line) for line in out.splitlines()]


def expected_rows():
    """Same payloads in order; positions by the rules of threads.md 5.5: c_scn one below the commit SCN."""
    expected = [json.loads(line) for line in (DATA / "expected-output.json").read_text().splitlines()]
    got = lines(*DICTIONARY, *LOGS)
    check("number of lines", len(got), len(expected))
    for ours, theirs in zip(got, expected):
        mine, other = ours["payload"][0], theirs["payload"][0]
        check("payload", {k: mine[k] for k in other}, other)
        check("xid", ours["xid"], theirs["xid"])
    check("time", got[0]["tms"], expected[0]["tms"])
    check("commit SCN", got[0]["commit_scn"], 2267708)
    check("begin SCN", got[0]["begin_scn"], 2267707)
    check("scns", int(got[0]["scns"], 16), 2267708)
    # Between begin and row lie the rows of SYS tables that the first insert into a new table changes.
    check("positions", [(x["c_scn"], x["c_idx"]) for x in got], [(2267707, 1), (2267707, 2), (2267707, 4)])
    check("ROWID", got[1]["payload"][0]["rid"], "AAARwWAAYAAAAAOAAA")
    check("in the other order of logs", lines(*DICTIONARY, *reversed(LOGS)), got)


def dictionary_rows():
    """rows.md 4.5: the deferred segment of table 72726 is made; USER$ notes a login."""
    rows = [x["payload"][0] for x in lines(*DICTIONARY, "--tables", r"SYS\..*", *LOGS) if "schema" in x["payload"][0]]
    check("tables", [r["schema"]["table"] for r in rows], ["USER$", "DEFERRED_STG$", "DEFERRED_STG$", "TAB$"])
    check("login", (rows[0]["before"]["SPARE6"], rows[0]["after"]["SPARE6"]), ("2026-03-07T01:44:37", "2026-03-07T01:44:39"))
    check("deferred segments", [r["before"]["OBJ#"] for r in rows[1:3]], [72726, 72727])
    table = rows[3]
    check("file and block", (table["before"]["FILE#"], table["before"]["BLOCK#"], table["after"]["FILE#"], table["after"]["BLOCK#"]),
          (0, 0, 24, 10))
    check("property", (table["before"]["PROPERTY"], table["after"]["PROPERTY"]), (17716740096, 536870912))


def without_dictionary():
    rows = [x["payload"][0] for x in lines(*LOGS) if x["xid"] == "10.12.572" and "schema" in x["payload"][0]]
    check("schemaless", (rows[0]["schema"], rows[0]["after"]),
          ({"table": "OBJ_72726"}, {"COL_1": "c102", "COL_2": "68656c6c6f20776f726c64"}))


def scn_range():
    check("above the commit", lines(*DICTIONARY, "--from-scn", "2267708", *LOGS), [])
    check("below the commit", lines(*DICTIONARY, "--to-scn", "2267707", *LOGS), [])
    check("just", len(lines(*DICTIONARY, "--from-scn", "2267707", "--to-scn", "2267708", *LOGS)), 3)


def logminer():
    code, out, err = redoubt("capture", *DICTIONARY, "--check-logminer", str(DATA / "logminer-reference.json"), *LOGS)
    check("LogMiner", (code, out), (0, "1 of 1 rows agree\n"))
    with tempfile.TemporaryDirectory() as directory:
        other = pathlib.Path(directory) / "other.json"
        other.write_text((DATA / "logminer-reference.json").read_text().replace("hello world", "hello, world"))
        code, out, err = redoubt("capture", *DICTIONARY, "--check-logminer", str(other), *LOGS)
        check("another value", (code, out.splitlines()[-1]), (1, "0 of 1 rows agree"))
        code, out, err = redoubt("capture", *DICTIONARY, "--check-logminer", str(pathlib.Path(directory) / "none"), *LOGS)
        check("the script where the file is not there", (code, "DBMS_LOGMNR.START_LOGMNR" in out), (1, True))


def verified():
    code, out, err = redoubt("log", "verify", *LOGS)
    check(f"log verify {out}{err}", code, 0)
    with tempfile.TemporaryDirectory() as directory:
        copy = pathlib.Path(directory) / "log.dbf"
        shutil.copy(LOGS[1], copy)
        with open(copy, "r+b") as file:
            file.seek(3 * 512 + 77)
            byte = file.read(1)[0]
            file.seek(3 * 512 + 77)
            file.write(bytes([byte ^ 16]))
        code, out, err = redoubt("log", "verify", str(copy))
        check("one bit of block 3", (code, "0x000010.00000003" in out + err), (1, True))
        code, out, err = redoubt("capture", *DICTIONARY, str(copy))
        check("capture of it", (code, "RBA 0x000010.00000003" in err), (6, True))


if __name__ == "__main__":
    if not DATA.exists():
        print(f"skipped: the real redo log is not there: {DATA}")
        sys.exit(0)
    for test in (expected_rows, dictionary_rows, without_dictionary, scn_range, logminer, verified):
        before = len(failures)
        test()
        print(f"{test.__name__}: {'passed' if len(failures) == before else 'FAILED'}")
    print("\n".join(failures))
    sys.exit(1 if failures else 0)
