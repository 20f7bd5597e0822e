"""Encrypted columns and `capture --tde-keys`: the value with the right key, and with any other never a wrong one.

    tde_keys_test.py [SEEDS]      8 seeds, or as many as told

That the right keys give every value is what round_trip_test.py shows.
"""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

REDOUBT = os.environ["REDOUBT"]
TYPES = "number,varchar2,encrypted,encryptednumber,encryptedraw"
HIDDEN = {"$unavailable": "encrypted"}


class Log:
    """A simulated log, its truth and its keys."""

    def __init__(self, directory, seed):
        self.directory = directory
        self.keys = directory / "keys.json"
        subprocess.run([REDOUBT, "simulate", directory, "--seed", str(seed), "--transactions", "40", "--types", TYPES,
                        "--operations", "insert,update,delete,multi,chain,migrate,rollback,iot"],
                       check=True, capture_output=True)
        self.tables = json.loads(self.keys.read_text(encoding="utf-8"))["tables"]
        self.secrets = {entry["key"] for entry in self.tables}

    def capture(self, tables=None, mode=0o600):
        """Exit code, what it says, and the values of encrypted columns; `tables`: another content of the key file."""
        words = [REDOUBT, "capture", "--dictionary", self.directory / "schema.json", self.directory]
        if tables is not None:
            path = self.directory / "given.json"
            path.write_text(json.dumps({"tables": tables}), encoding="utf-8")
            path.chmod(mode)
            self.secrets |= {entry["key"] for entry in tables}
            words += ["--tde-keys", path]
        result = subprocess.run(words, capture_output=True, text=True)
        for secret in self.secrets:
            assert secret not in result.stdout + result.stderr, "a key is told"
        return result.returncode, result.stderr, encrypted_values(result.stdout)

    def truth(self):
        return encrypted_values((self.directory / "truth.jsonl").read_text(encoding="utf-8"), truth=True)


def encrypted_values(lines, truth=False):
    """Of all rows, in order: (table, column, value), numbers as text, without nulls."""
    values = []
    for line in lines.splitlines():
        message = json.loads(line, parse_float=str, parse_int=str)
        for row in message["ops" if truth else "payload"]:
            for side in ("before", "after"):
                for name, value in row.get(side, {}).items():
                    if ("ENCRYPTED" in name or name.startswith("C") and "_" not in name) and value is not None:
                        table = row["table"] if truth else row["schema"]["table"]
                        values.append((table, name, value))
    return values


def one(log):
    code, err, hidden = log.capture()
    assert code == 0 and len(re.findall("^warning: .* no key is given", err, re.MULTILINE)) == len(log.tables), err
    truth = log.truth()
    ciphered = [i for i, (_, _, value) in enumerate(hidden) if value == HIDDEN]
    assert len(ciphered) > 50, f"only {len(ciphered)} encrypted values"
    assert [v for i, v in enumerate(hidden) if i not in set(ciphered)] == \
           [v for i, v in enumerate(truth) if i not in set(ciphered)]

    code, err, shown = log.capture(log.tables)
    unproven = [i for i in ciphered if shown[i][2] == HIDDEN]
    assert code == 0 and len(unproven) < 10, f"{len(unproven)} values are not shown: {err}"
    assert all(shown[i] == truth[i] for i in ciphered if i not in unproven)

    # Keys of the right length that are not the tables'.
    wrong = [dict(entry, key=bytes(b ^ 0x5A for b in bytes.fromhex(entry["key"])).hex()) for entry in log.tables]
    code, err, shown = log.capture(wrong)
    assert code == 0 and [shown[i][2] for i in ciphered] == [HIDDEN] * len(ciphered), "a wrong key gives a value"
    assert len(re.findall("^warning: ", err, re.MULTILINE)) == len(log.tables), err

    # One byte short; a word that is none; a file for all to read.
    code, err, shown = log.capture([dict(log.tables[0], key=log.tables[0]["key"][2:])])
    assert code == 2 and "the key has" in err and not shown, err
    code, err, shown = log.capture([dict(log.tables[0], algoritm="AES128")])
    assert code == 2 and "is algorithm meant?" in err and not shown, err
    code, err, _ = log.capture(log.tables, mode=0o644)
    assert code == 0 and "others than its owner may read" in err, err

    named = [dict(log.tables[0], table="SIM.T22")]
    del named[0]["object"]
    code, err, _ = log.capture(named)
    assert code == 0 and "has a key for SIM.T22, which the dictionary does not have; is SIM.T2 meant?" in err, err
    return len(ciphered)


def main():
    values = failed = 0
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 8
    for seed in range(1, seeds + 1):
        with tempfile.TemporaryDirectory(prefix="tde_keys_") as directory:
            try:
                values += one(Log(pathlib.Path(directory), seed))
            except AssertionError as e:
                failed += 1
                print(f"seed {seed}: {e}")
    print(f"{seeds - failed} of {seeds} seeds, {values} encrypted values")
    return 1 if failed or values == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
