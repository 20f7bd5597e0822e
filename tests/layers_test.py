"""./do layers must pass on this tree and fail on an include that goes up, sideways or nowhere."""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

SOURCE = pathlib.Path(os.environ["REDOUBT_SOURCE"])


def layers(tree):
    return subprocess.run([sys.executable, SOURCE / ".ci/layers.py", tree], capture_output=True, text=True)


class Layers(unittest.TestCase):
    def check(self, file, text, fault):
        with tempfile.TemporaryDirectory() as tree:
            path = pathlib.Path(tree, file)
            path.parent.mkdir(parents=True)
            path.write_text(text)
            outcome = layers(tree)
            self.assertEqual(outcome.returncode, 1 if fault else 0, outcome.stdout)
            if fault:
                self.assertIn(fault, outcome.stdout)

    def test_this_tree(self):
        outcome = layers(SOURCE)
        self.assertEqual(outcome.returncode, 0, outcome.stdout)

    def test_down_and_own_room(self):
        self.check("redo/a.cc", '#include "redo/a.h"\n#include "oracle/b.h"\n#include <vector>\n', None)

    def test_up(self):
        self.check("redo/a.cc", '// x\n#include "capture/b.h"\n', "redo/a.cc:2: redo/ (floor 2) must not include")

    def test_sideways(self):
        self.check("redo/a.h", '# include "change/b.h"\n', "redo/a.h:1: redo/ (floor 2) must not include change/b.h")

    def test_unknown_include(self):
        self.check("redo/a.cc", '#include "a.h"\n', "belongs to no room")

    def test_unknown_room(self):
        self.check("utils/a.cc", "", "stands in no room")

    def test_tests_may_include_anything(self):
        self.check("redo/a_test.cc", '#include "cli/b.h"\n', None)
        self.check("bench/a_bench.cc", '#include "cli/b.h"\n', None)


if __name__ == "__main__":
    unittest.main()
