"""redoubt log records: every record set agrees with what it states; a flipped byte of a set is found."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

REDOUBT = os.environ["REDOUBT"]
DATA = pathlib.Path(os.environ["REDOUBT_SHARED"], "data")
RECORDS = DATA / "redo-records"
MORE = DATA / "redo-more"


def log_records(*arguments):
    return subprocess.run([REDOUBT, "log", "records", *map(str, arguments)], capture_output=True, text=True)


def flipped(text, byte):
    """The hex text with one bit of one byte changed."""
    return text[: 2 * byte] + f"{int(text[2 * byte : 2 * byte + 2], 16) ^ 1:02x}" + text[2 * byte + 2 :]


@unittest.skipUnless(RECORDS.is_dir() and MORE.is_dir(), f"no record sets at {DATA}")
class RecordSets(unittest.TestCase):
    def test_all_agree(self):
        outcome = log_records(RECORDS, MORE, "--json")
        answer = json.loads(outcome.stdout)
        for case in answer["results"]:
            self.assertEqual(case["differences"], [], case["case"])
        self.assertEqual(outcome.returncode, 0, outcome.stderr)
        stated = sum(len(json.loads(file.read_text())["cases"]) for file in RECORDS.glob("*.json"))
        stated += len(json.loads((MORE / "dumps.json").read_text())["cases"]) + 1
        self.assertEqual((answer["cases"], answer["agree"]), (stated, stated))

    def test_each_case_of_records_is_checked(self):
        for case in json.loads(log_records(RECORDS, "--json").stdout)["results"]:
            self.assertGreater(case["checks"], 0, case["case"])

    def tampered(self, file, change):
        with tempfile.TemporaryDirectory() as folder:
            data = json.loads((RECORDS / file).read_text())
            change(data)
            copy = pathlib.Path(folder, file)
            copy.write_text(json.dumps(data))
            outcome = log_records(folder)
            self.assertEqual(outcome.returncode, 1, f"{file}: {outcome.stdout}{outcome.stderr}")
            self.assertIn("differ", outcome.stdout)

    def test_a_flipped_byte_differs(self):
        for file in sorted(RECORDS.glob("*.json")):
            case = json.loads(file.read_text())["cases"][0]
            if "records" in case:
                record = case["records"][0]
                # Of the record's header SCN and sub-SCN, of the first vector's header the code.
                header = 68 if int(record["hex"][8:10], 16) & 4 else 24
                for byte in (10, 12, header + 1):
                    with self.subTest(file=file.name, byte=byte):
                        def flip(data, byte=byte):
                            first = data["cases"][0]["records"][0]
                            first["hex"] = flipped(first["hex"], byte)
                        self.tampered(file.name, flip)
            elif "hex" in case:
                def flip(data):
                    data["cases"][0]["hex"] = flipped(data["cases"][0]["hex"], len(data["cases"][0]["hex"]) // 2 - 1)
                with self.subTest(file=file.name):
                    self.tampered(file.name, flip)

    def test_a_column_byte_differs_in_the_statement(self):
        def flip(data):
            record = data["cases"][0]["records"][0]
            at = record["hex"].index("57415244")  # WARD
            record["hex"] = flipped(record["hex"], at // 2)
        self.tampered("op11_2-insert.json", flip)

    def test_a_rollback_that_is_missing_differs(self):
        def cut(data):
            case = data["cases"][0]
            case["records"] = case["records"][:1]
            for part in ("expected", "derived"):
                case[part]["records"].pop("r2")
            case["derived"]["undoes"] = {}
        self.tampered("partial-rollback.json", cut)

    def test_text_output(self):
        outcome = log_records(RECORDS / "scalar-text.json")
        self.assertEqual(outcome.returncode, 0)
        self.assertRegex(outcome.stdout, r"agree .*scalar-text.json  text-ascii  1 checks\n")
        self.assertIn("2 of 2 cases agree, 2 checks", outcome.stdout)


class Usage(unittest.TestCase):
    def test_another_layout(self):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder, "other.json")
            for text in ('{"format": "something/1", "cases": []}', "[]", "no JSON"):
                file.write_text(text)
                for path in (file, folder):
                    outcome = log_records(path)
                    self.assertEqual(outcome.returncode, 2, text)
                    self.assertIn("holds no record set", outcome.stderr)

    def test_a_member_is_missing(self):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder, "set.json")
            file.write_text('{"format": "redo-records/1", "cases": [{"name": "x", "profile": {}, "records": []}]}')
            outcome = log_records(file)
            self.assertEqual(outcome.returncode, 1)
            self.assertIn("does not follow the layout", outcome.stderr)

    def test_no_path(self):
        self.assertEqual(log_records().returncode, 2)
        self.assertEqual(log_records("/no/such/file.json").returncode, 1)


if __name__ == "__main__":
    if not RECORDS.is_dir():
        print(f"no record sets at {DATA}: only the usage was tested", file=sys.stderr)
    unittest.main()
