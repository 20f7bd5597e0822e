"""Captured JSON lines in the shape of redo_check.py rows, so that its diff can compare them.

    python3 redo_check_lines.py captured.jsonl > rows.jsonl

redo_check.py prints numbers as text; everything else is alike.
"""
import json
import re
import sys


def transactions(lines, number=str):
    """`number` makes something of the text of a number."""
    current = None
    for line in lines:
        message = json.loads(line, parse_float=number, parse_int=number)
        payload = message["payload"][0]
        op = payload["op"]
        if op == "begin":
            current = {"commit_scn": message["commit_scn"], "xid": message["xid"], "thread": message["thread"], "ops": []}
        elif op == "commit":
            if current["ops"]:  # a DDL has none
                yield current
            current = None
        elif op in "cud":
            schema = payload["schema"]
            row = {"op": op, "owner": schema.get("owner", ""), "table": schema["table"], "rowid": payload["rid"],
                   "before": payload.get("before", {}), "after": payload.get("after", {})}
            if payload.get("suspect"):
                row["suspect"] = True
            current["ops"].append(row)


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as source:
        for transaction in transactions(source):
            print(json.dumps(transaction, ensure_ascii=False))
