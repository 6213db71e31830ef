"""scripts/check-layers finds what it exists for."""

import os
import subprocess
import tempfile
import unittest
from pathlib import Path

CHECK = Path(os.environ.get("MLPIPE_SOURCE_DIR", Path(__file__).resolve().parents[2])) / "scripts" / "check-layers"

LIBRARIES = """
mlpipe_library(base   USES fmt::fmt)
mlpipe_library(system USES mlpipe_base yaml-cpp)
mlpipe_library(store  USES mlpipe_system)
mlpipe_library(spec   USES mlpipe_system yaml-cpp)
mlpipe_library(cli    USES mlpipe_store mlpipe_spec)
"""


class Layers(unittest.TestCase):
    def check(self, tree):
        """Exit code and lines for a tree: file -> text."""
        tree = {"CMakeLists.txt": LIBRARIES, "lib/base/text.h": "", "lib/store/store.h": "", "lib/cli/command.h": ""} | tree
        with tempfile.TemporaryDirectory() as folder:
            for name, text in tree.items():
                path = Path(folder, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            done = subprocess.run([CHECK, folder], capture_output=True, text=True)
        return done.returncode, done.stdout.splitlines()

    def reason(self, name, text):
        code, lines = self.check(tree={name: text})
        self.assertEqual(code, 1, lines)
        self.assertEqual(len(lines), 1, lines)
        self.assertTrue(lines[0].startswith(name + ":"), lines)
        return lines[0]

    def test_downward_is_clean(self):
        code, lines = self.check(tree={"lib/cli/a.cpp": '#include "base/text.h"\n#include <vector>\n', "app/m.cpp": '#include "cli/command.h"\n'})
        self.assertEqual((code, lines), (0, ["layers: 5 files, 3 includes, clean"]))

    def test_upward(self):
        self.assertIn("lib/base/a.cpp:2: error: base must not include store", self.reason("lib/base/a.cpp", '\n# include "store/store.h"\n'))

    def test_sideways(self):
        self.assertIn("spec must not include store", self.reason("lib/spec/a.h", "#include <store/store.h>\n"))

    def test_upward_by_a_relative_path(self):
        self.assertIn("base must not include store", self.reason("lib/base/a.cpp", '#include "../store/store.h"\n'))

    def test_sub_folders_obey_as_well(self):
        self.assertIn("store must not include cli", self.reason("lib/store/deep/a.cpp", '#include "cli/command.h"\n'))

    def test_a_sub_folder_may_be_a_layer_of_its_own(self):
        libraries = LIBRARIES + "mlpipe_library(store/files USES mlpipe_base)\nmlpipe_library(store/runs USES mlpipe_store_files)\n"
        headers = {"CMakeLists.txt": libraries, "lib/store/files/f.h": "", "lib/store/runs/r.h": '#include "store/files/f.h"\n'}
        self.assertEqual(self.check(tree=headers)[0], 0)
        code, lines = self.check(tree=headers | {"lib/store/files/f.cpp": '#include "store/runs/r.h"\n'})
        self.assertEqual(code, 1)
        self.assertIn("store/files must not include store/runs", lines[0])

    def test_app_knows_only_cli(self):
        self.assertIn("app must not include store", self.reason("app/m.cpp", '#include "store/store.h"\n'))

    def test_missing_header(self):
        self.assertIn("does not exist", self.reason("lib/store/a.cpp", '#include "base/absent.h"\n'))

    def test_folder_without_library(self):
        self.assertIn("no mlpipe_library(novel", self.reason("lib/novel/a.cpp", '#include "base/text.h"\n'))

    def test_wrapped_libraries_stay_wrapped(self):
        for header in ("CLI/CLI.hpp", "yaml-cpp/yaml.h", "ATen/ATen.h", "torch/script.h", "c10/core/Device.h", "blake3.h"):
            self.assertIn("alone", self.reason("lib/store/a.cpp", f"#include <{header}>\n"))
        self.assertIn("alone", self.reason("lib/spec/b.cpp", '#include <yaml-cpp/yaml.h>\n'))
        self.assertEqual(self.check(tree={"lib/spec/yaml/yaml.cpp": "#include <yaml-cpp/yaml.h>\n"})[0], 0)

    def test_torch_is_in_four_files_at_most(self):
        libraries = {"CMakeLists.txt": LIBRARIES + "mlpipe_library(scoring USES mlpipe_system)\n"}
        files = {f"lib/scoring/torch/{name}.cpp": "#include <torch/script.h>\n#include <ATen/ATen.h>\n" for name in "abcd"}
        self.assertEqual(self.check(tree=libraries | files)[0], 0)
        files["lib/scoring/torch/e.cpp"] = "#include <torch/script.h>\n"
        code, lines = self.check(tree=libraries | files)
        self.assertEqual(code, 1)
        self.assertIn("lib/scoring/torch/e.cpp:1: error: <torch/script.h> is in more than 4 files", lines[0])


if __name__ == "__main__":
    unittest.main()
