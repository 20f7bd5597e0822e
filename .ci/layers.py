"""layers.py TREE: fails on an #include that climbs the house (docs/architecture.md draws it).

A room includes only itself and rooms on lower floors; rooms on one floor do not know each other. Tests may include
anything. An include or a folder of sources that belongs to no room fails too, so this table stays complete.
"""
import pathlib
import re
import sys

FLOORS = [
    ["base"],
    ["oracle", "columnar", "database"],
    ["redo", "change", "ledger", "store"],
    ["capture", "compare", "rewind", "compress"],
    ["sink", "simulate"],
    ["serve"],
    ["cli"],
]
FLOOR_OF = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
FREE = {"tests", "bench", "fuzz"}
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.MULTILINE)


def faults_of(tree):
    for path in sorted(p for suffix in ("*.cc", "*.h") for p in tree.rglob(suffix)):
        file = path.relative_to(tree)
        room = file.parts[0]
        if room == "build" or room.startswith(".") or room in FREE:
            continue
        if len(file.parts) == 1 or room not in FLOOR_OF:
            yield f"{file}: stands in no room; rooms are {', '.join(FLOOR_OF)}"
            continue
        if file.name.endswith("_test.cc"):
            continue
        text = path.read_text()
        for match in INCLUDE.finditer(text):
            included = match.group(1)
            other = included.split("/")[0]
            line = text.count("\n", 0, match.start(1)) + 1
            if "/" not in included or other not in FLOOR_OF:
                yield f'{file}:{line}: "{included}" belongs to no room; write the path from the top: "room/file.h"'
            elif other != room and FLOOR_OF[other] >= FLOOR_OF[room]:
                yield (f"{file}:{line}: {room}/ (floor {FLOOR_OF[room]}) must not include {included} "
                       f"(floor {FLOOR_OF[other]})")


def main(tree):
    faults = list(faults_of(pathlib.Path(tree)))
    print("\n".join(faults) or "layers: every include goes down")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
