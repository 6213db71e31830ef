"""What makes a step run again, what does not, and that `why` names it."""

import os
import shutil
import unittest

from support import ScenarioTest, write_chain

ALL = ("first", "second", "third", "alone")


class Reuse(ScenarioTest):
    def setUp(self):
        super().setUp()
        write_chain(self.project)
        self.ok("run")
        self.assert_ran(*ALL)

    def edit(self, name, text):
        path = self.project.path / name
        path.write_text(text)

    def test_a_second_run_reuses_everything(self):
        self.ok("run")
        self.assert_ran()

    def test_a_touched_file_reruns_nothing(self):
        for name in ("first/make.sh", "seed.txt", "pipeline.yaml"):
            os.utime(self.project.path / name, (1, 1))
        self.ok("run")
        self.assert_ran()

    def test_an_edited_file_reruns_its_step_and_what_depends_on_it(self):
        self.edit("second/change.sh", 'cat "$1"\necho changed "$2"\n')
        why = self.ok("why", "second").out
        self.assertIn("change.sh", why)
        self.ok("run")
        self.assert_ran("second", "third")
        self.assertEqual(self.project.read("results/copy"), "seed\nmade\nchanged hello\ndone\n")

    def test_an_edit_with_its_time_set_back_is_seen(self):
        path = self.project.path / "second/change.sh"
        before = path.stat()
        path.write_text(path.read_text().replace("$2", "$1"))
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        self.assertEqual(path.stat().st_size, before.st_size)
        self.ok("run")
        self.assert_ran("second", "third")

    def test_another_steps_folder_does_not_matter(self):
        self.edit("alone/words", "other words\n")
        self.ok("run")
        self.assert_ran("alone")

    def test_equal_bytes_of_a_rerun_let_everything_below_be_reused(self):
        self.edit("first/make.sh", '# a comment\ncat "$1"\necho made\n')
        self.ok("run")
        self.assert_ran("first")

    def test_an_input_counts_by_its_content(self):
        self.edit("seed.txt", "other seed\n")
        self.assertIn("seed", self.ok("why", "first").out)
        self.ok("run")
        self.assert_ran("first", "second", "third")

    def test_a_parameter_counts_for_the_steps_that_use_it(self):
        self.ok("run", "-p", "word=bye")
        self.assert_ran("second", "third")
        why = self.ok("why", "second").out
        for word in ("word", "hello", "bye"):
            self.assertIn(word, why)

    def test_going_back_takes_the_old_results(self):
        original = self.project.read("second/change.sh")
        self.edit("second/change.sh", 'echo "$2"\n')
        self.ok("run")
        self.edit("second/change.sh", original)
        self.project.trace()
        self.ok("run")
        self.assert_ran()
        self.assertEqual(self.project.read("results/copy"), "seed\nmade\nhello\ndone\n")

    def test_comments_and_layout_of_the_spec_do_not_matter(self):
        spec = self.project.read("pipeline.yaml")
        self.edit("pipeline.yaml", "# a comment\n" + spec.replace("name: chain", "name: renamed\ndescription: text"))
        self.ok("run")
        self.assert_ran()

    def test_a_moved_project_is_reused(self):
        moved = self.project.base / "moved"
        shutil.move(self.project.path, moved)
        self.project.path = moved
        self.ok("run")
        self.assert_ran()

    def test_ignored_droppings_do_not_count(self):
        self.project.write("first/__pycache__/x.pyc", "x")
        self.project.write("first/.make.sh.swp", "x")
        self.ok("run")
        self.assert_ran()

    def test_a_new_file_counts_and_an_ignored_one_does_not(self):
        self.project.write("first/.amlignore", "*.log\n")
        self.ok("run")
        self.project.trace()
        self.project.write("first/noise.log", "x")
        self.ok("run")
        self.assert_ran()
        self.project.write("first/helper.sh", "x")
        self.ok("run")
        self.assert_ran("first")

    def test_the_executable_bit_counts(self):
        (self.project.path / "first/make.sh").chmod(0o755)
        self.ok("run")
        self.assert_ran("first")

    def test_force_reruns_all_and_force_step_one(self):
        self.ok("run", "--force")
        self.assert_ran(*ALL)
        self.ok("run", "--force-step", "second")
        self.assert_ran("second")

    def test_allow_reuse_false_runs_each_time(self):
        spec = self.project.read("pipeline.yaml")
        self.edit("pipeline.yaml", spec.replace("  alone:\n", "  alone:\n    allow_reuse: false\n"))
        self.ok("run")
        self.project.trace()
        self.ok("run")
        self.assert_ran("alone")

    def test_only_declared_variables_of_the_shell_count(self):
        self.ok("run", env={"WORDS": "new"})
        self.assert_ran()
        spec = self.project.read("pipeline.yaml")
        self.edit("pipeline.yaml", spec.replace("  alone:\n", "  alone:\n    environment_variables: {WORDS: old}\n"))
        self.ok("run")
        self.assert_ran("alone")

    def test_a_damaged_output_is_made_again(self):
        copy = self.output("second.changed")
        copy.chmod(0o644)
        copy.write_text("damaged\n")
        self.ok("run")
        self.assertIn("second", self.project.trace())
        self.assertEqual(self.output("second.changed").read_text(), "seed\nmade\nhello\n")

    def test_a_lost_output_is_made_again(self):
        objects = self.project.path / ".mlpipe/objects"
        for path in [*objects.rglob("*"), objects]:
            if path.is_dir():
                path.chmod(0o755)
        shutil.rmtree(objects)
        self.ok("run")
        self.assert_ran(*ALL)

    def test_a_published_copy_that_is_gone_comes_back(self):
        shutil.rmtree(self.project.path / "results")
        self.ok("run")
        self.assert_ran()
        self.assertEqual(self.project.read("results/copy"), "seed\nmade\nhello\ndone\n")

    def test_a_published_copy_does_not_share_bytes_with_the_store(self):
        (self.project.path / "results/copy").write_text("edited by hand\n")
        self.assertEqual((self.output("third.copy") / "copy").read_text(), "seed\nmade\nhello\ndone\n")

    def test_why_of_a_reused_step_says_so(self):
        self.ok("run")
        self.assertIn("reused", self.ok("why", "first").out)

    def test_hash_paths_count(self):
        self.project.write("shared/helper.sh", "one\n")
        spec = self.project.read("pipeline.yaml")
        self.edit("pipeline.yaml", spec.replace("  alone:\n", "  alone:\n    hash_paths: [shared]\n"))
        self.ok("run")
        self.project.trace()
        self.edit("shared/helper.sh", "two\n")
        self.ok("run")
        self.assert_ran("alone")


if __name__ == "__main__":
    unittest.main()
