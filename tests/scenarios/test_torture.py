"""The torture list: changes that tools which trust time stamps, or only some of what counts, get wrong. A step that should have run
and did not is stale, one that ran for nothing spurious; neither may happen. scripts/torture-peers puts the same list to other tools."""

import os
import shutil
import subprocess
import time
import unittest

from support import ScenarioTest

SPEC = """
parameters: {alpha: 1, beta: 2}
inputs: {data: data}
steps:
  up:
    source_directory: up
    command: echo up >> "$TRACE"; sh up.sh ${{inputs.data}} ${{parameters.alpha}} ${{parameters.beta}} > ${{outputs.made}}/text
    inputs: {data: "${{pipeline.inputs.data}}"}
    outputs: {made: }
  down:
    source_directory: down
    command: echo down >> "$TRACE"; sh down.sh ${{inputs.made}}/text > ${{outputs.end}}
    inputs: {made: "${{steps.up.outputs.made}}"}
    outputs: {end: {type: file}}
"""


class Torture(ScenarioTest):
    def setUp(self):
        super().setUp()
        self.project.spec(SPEC)
        self.project.write("up/up.sh", 'echo "$2 $3"; find -L "$1" -type f | sort | xargs cat\n')
        self.project.write("up/lib/helper.sh", "echo 1\n")
        self.project.write("down/down.sh", 'cat "$1"\n')
        self.project.write("data/a", "aaa\n")
        self.project.write("data/deep/er/b", "bbb\n")
        (self.project.path / "data/link").symlink_to("a")
        self.ok("run")
        self.project.trace()
        self.ok("run")
        self.assert_ran()

    def path(self, name):
        return self.project.path / name

    def expect(self, *steps):
        """These run now, and then everything is at rest."""
        planned = {step["step"]: step["verdict"] for step in self.ok("plan", "--json").json()["steps"]}
        self.ok("run")
        self.assert_ran(*steps)
        self.assertEqual([name for name in ("up", "down") if planned[name] == "run"], list(steps[:1]))
        self.ok("run")
        self.assert_ran()

    def set_back(self, name, text):
        """Writes with the old time of modification, to the nanosecond."""
        before = self.path(name).stat()
        self.path(name).write_text(text)
        os.utime(self.path(name), ns=(before.st_atime_ns, before.st_mtime_ns))

    # Content and its time stamps.

    def test_content_changed_and_mtime_restored(self):
        self.set_back("data/a", "xyz\n")
        self.expect("up", "down")
        self.set_back("up/up.sh", self.project.read("up/up.sh").replace("$2 $3", "$3 $2"))
        self.expect("up", "down")

    def test_changed_at_once_after_indexing_with_equal_size_and_time(self):
        for text in ("one\n", "two\n", "six\n"):
            self.set_back("data/a", text)
            self.expect("up", "down")

    def test_changed_long_after_indexing(self):
        time.sleep(2.1)
        self.ok("run")  # all digests are trusted from now on
        self.set_back("data/deep/er/b", "new\n")
        self.expect("up", "down")

    def test_atomic_replace(self):
        self.project.write("aside", "xyz\n")
        shutil.copystat(self.path("data/a"), self.path("aside"))
        self.path("aside").rename(self.path("data/a"))
        self.expect("up", "down")

    def test_touch_only(self):
        for name in ("data/a", "data", "up/up.sh", "up", "pipeline.yaml"):
            os.utime(self.path(name))
        self.expect()

    def test_times_in_the_future_and_long_ago(self):
        """As after a clock that was set back, or an archive that was unpacked."""
        for stamp in (4_000_000_000, 1):
            os.utime(self.path("data/a"), (stamp, stamp))
            self.expect()
            self.path("data/a").write_text(f"{stamp}\n")
            os.utime(self.path("data/a"), (stamp, stamp))
            self.expect("up", "down")

    # Folders.

    def test_an_edit_deep_inside(self):
        self.path("data/deep/er/b").write_text("ccc\n")
        self.expect("up", "down")
        self.path("up/lib/helper.sh").write_text("echo 2\n")
        self.expect("up")  # the same output

    def test_files_added_removed_and_renamed(self):
        self.project.write("data/deep/new", "new\n")
        self.expect("up", "down")
        self.path("data/deep/new").rename(self.path("data/deep/newer"))
        self.expect("up")  # the contents in the same order
        self.path("data/deep/newer").unlink()
        self.ok("run")
        self.assert_ran()  # as it was at first

    def test_an_empty_folder(self):
        self.path("data/empty").mkdir()
        self.expect("up")

    def test_a_rename_of_case_only(self):
        self.path("up/lib").rename(self.path("up/Lib"))
        self.expect("up")

    def test_a_link_to_another_file_and_one_that_dangles(self):
        self.path("data/link").unlink()
        self.path("data/link").symlink_to("deep/er/b")
        self.expect("up", "down")
        self.path("data/link").unlink()
        self.path("data/link").symlink_to("nowhere")
        self.assertIn("link to something that does not exist", self.fails(1, "run").err)
        self.assert_ran()

    def test_what_a_link_points_to_is_edited(self):
        outside = self.project.base / "outside"
        outside.write_text("1\n")
        (self.path("data/out")).symlink_to(outside)
        self.expect("up", "down")
        outside.write_text("2\n")
        self.expect("up", "down")

    def test_a_link_in_place_of_an_equal_file(self):
        shutil.copy(self.path("data/a"), self.project.base / "a")
        self.path("data/a").unlink()
        self.path("data/a").symlink_to(self.project.base / "a")
        self.expect()

    def test_permission_to_execute(self):
        self.path("up/up.sh").chmod(0o755)
        self.assertIn("became executable", self.ok("why", "up").out)
        self.expect("up")
        self.path("up/up.sh").chmod(0o744)
        self.expect()

    def test_droppings_of_tools(self):
        for name in ("__pycache__/x.cpython-311.pyc", ".ipynb_checkpoints/up-checkpoint.py", ".up.sh.swp", "up.sh~", ".DS_Store", ".git/index"):
            self.project.write(f"up/{name}", "1\n")
        self.expect()

    # Outputs.

    def tamper(self, how):
        path = self.output("up.made") / "text"
        path.chmod(0o644)
        how(path)
        self.ok("run")
        self.assert_ran("up")
        self.assertIn("aaa", path.read_text())
        self.ok("run")
        self.assert_ran()

    def test_an_output_edited_by_hand(self):
        self.tamper(lambda path: path.write_text("edited\n"))

    def test_an_output_edited_with_equal_size_and_time(self):
        def edit(path):
            before = path.stat()
            path.write_text(path.read_text().replace("aaa", "AAA"))
            os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        self.tamper(edit)

    def test_an_output_deleted_or_truncated(self):
        self.tamper(lambda path: path.unlink())
        self.tamper(lambda path: os.truncate(path, 1))
        self.tamper(lambda path: os.truncate(path, 0))

    def test_the_last_output_of_the_chain_deleted(self):
        self.output("down.end").unlink()
        self.ok("run")
        self.assert_ran("down")

    # The spec, parameters and the environment.

    def test_whitespace_in_a_command_reruns_and_is_shown(self):
        self.project.spec(SPEC.replace("sh down.sh ", "sh  down.sh "))
        self.assertRegex(self.ok("why", "down").out, "action command: .*sh down.sh.* -> .*sh  down.sh")
        self.expect("down")

    def test_layout_and_order_of_the_spec(self):
        self.project.spec(SPEC.replace("{alpha: 1, beta: 2}", "{beta:   2,  alpha: 1} # a comment"))
        self.expect()

    def test_another_value_of_a_parameter(self):
        self.project.spec(SPEC.replace("alpha: 1", "alpha: 7"))
        self.expect("up", "down")

    def test_another_type_with_the_same_text_gives_the_step_the_same_bytes(self):
        self.project.spec(SPEC.replace("alpha: 1", 'alpha: "1"'))
        self.expect()
        self.project.spec(SPEC.replace("alpha: 1", "alpha: 1.0"))
        self.expect("up", "down")

    def test_variables_of_the_shell(self):
        self.ok("run", env={"UNDECLARED": "1"})
        self.assert_ran()
        declared = SPEC.replace("    source_directory: down\n", "    source_directory: down\n    environment_variables: {MODE: fast}\n")
        self.project.spec(declared)
        self.expect("down")
        self.project.spec(declared.replace("fast", "slow"))
        self.expect("down")

    def fake_venv(self, name, version, package):
        (self.path(name) / "bin").mkdir(parents=True, exist_ok=True)
        for program in ("python", "python3"):
            (self.path(name) / "bin" / program).unlink(missing_ok=True)
            (self.path(name) / "bin" / program).symlink_to(shutil.which("python3"))
        self.project.write(f"{name}/pyvenv.cfg", f"home = /usr/bin\nversion = {version}.0\n")
        site = self.path(name) / f"lib/python{version}/site-packages"
        shutil.rmtree(self.path(name) / "lib", ignore_errors=True)
        self.project.write(f"{site.relative_to(self.project.path)}/tool-{package}.dist-info/METADATA", f"Name: tool\nVersion: {package}\n")

    def test_interpreter_lock_file_and_declared_package(self):
        self.project.write("lock.txt", "tool==1.0\n")
        self.project.spec(SPEC.replace("    source_directory: down\n", "    source_directory: down\n    environment: {python: venv, requirements: lock.txt}\n"))
        self.fake_venv("venv", "3.11", "1.0")
        self.expect("down")
        self.fake_venv("venv", "3.11", "1.1")
        self.expect("down")
        self.fake_venv("venv", "3.12", "1.1")
        self.expect("down")
        self.project.write("lock.txt", "tool==1.1\n")
        self.expect("down")
        self.path("venv").rename(self.path("elsewhere"))
        self.project.spec(self.project.read("pipeline.yaml").replace("python: venv", "python: elsewhere"))
        self.expect()

    # Histories.

    def git(self, *words):
        subprocess.run(["git", "-c", "user.name=x", "-c", "user.email=x@y", "-C", self.project.path, *words], check=True, capture_output=True)

    def test_git_checkout_back_and_forth(self):
        self.git("init", "-q", "-b", "main")
        self.git("add", ".")
        self.git("commit", "-qm", "one")
        self.git("checkout", "-qb", "other")
        self.path("data/a").write_text("other\n")
        self.git("commit", "-qam", "two")
        self.expect("up", "down")
        for branch in ("main", "other", "main"):
            self.git("checkout", "-q", branch)
            self.expect()

    def test_a_moved_project(self):
        self.project.path = self.project.path.rename(self.project.base / "moved")
        self.expect()

    def test_a_copied_project(self):
        shutil.copytree(self.project.path, self.project.base / "copy", symlinks=True)  # new inodes and times
        self.project.path = self.project.base / "copy"
        self.expect()

    def test_two_processes_at_once(self):
        self.path("data/a").write_text("both\n")
        runs = [self.project.start("run") for _ in range(2)]
        for run in runs:
            self.assertEqual(self.project.finish(run).code, 0)
        self.assert_ran("up", "down")

    def test_equal_bytes_of_a_rerun_stop_there(self):
        self.project.write("up/up.sh", self.project.read("up/up.sh") + "# a comment\n")
        self.expect("up")
        self.ok("run", "--force-step", "up")
        self.assert_ran("up")

    def test_no_reuse_in_mid_chain(self):
        self.project.spec(SPEC.replace("    source_directory: up\n", "    source_directory: up\n    allow_reuse: false\n"))
        self.ok("run")
        self.assert_ran("up")
        self.ok("run")
        self.assert_ran("up")  # and what reads its equal bytes is reused

    def test_a_failed_step_is_no_source_and_spoils_nothing(self):
        good = self.project.read("up/up.sh")
        self.project.write("up/up.sh", "exit 1\n")
        self.fails(1, "run")
        self.project.trace()
        self.fails(1, "run")
        self.assert_ran("up")
        self.project.write("up/up.sh", good)
        self.expect()

    def test_a_shared_source_directory_warns(self):
        self.project.spec(SPEC.replace("source_directory: down", "source_directory: up").replace("sh down.sh", "sh lib/helper.sh"))
        self.assertIn("of one source directory", self.ok("validate").err)


if __name__ == "__main__":
    unittest.main()
