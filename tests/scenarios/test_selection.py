"""--step, --from, --until, --use, --sample, -p, --set, --input, -j: each does what it says and is recorded."""

import unittest

from support import ScenarioTest, write_chain, write_files

SCORE = """
inputs: {data: data}
steps:
  score:
    source_directory: score
    parallel_run_config: {entry_script: score.py, mini_batch_size: 2, process_count_per_node: 2, append_row_file_name: rows.txt}
    inputs: {data: "${{pipeline.inputs.data}}"}
    outputs: {rows: }
  count:
    command: wc -l < ${{inputs.rows}}/rows.txt > ${{outputs.count}}
    inputs: {rows: "${{steps.score.outputs.rows}}"}
    outputs: {count: {type: file}}
"""
ENTRY = """
import os

def run(mini_batch):
    return [f"{os.path.basename(path)} {len(mini_batch)}" for path in mini_batch]
"""


class Selection(ScenarioTest):
    def setUp(self):
        super().setUp()
        write_chain(self.project)

    def test_until_runs_a_step_and_what_it_needs(self):
        self.ok("run", "--until", "second")
        self.assert_ran("first", "second")

    def test_from_runs_a_step_and_what_needs_it(self):
        self.ok("run")
        self.project.trace()
        self.project.write("first/make.sh", "echo other\n")
        self.project.write("second/change.sh", "echo other\n")
        self.ok("run", "--from", "second")
        self.assert_ran("second", "third")

    def test_step_runs_it_alone_on_the_last_good_results(self):
        self.ok("run")
        self.project.trace()
        self.project.write("first/make.sh", "echo changed\n")
        self.project.write("second/change.sh", 'cat "$1"\n')
        shown = self.ok("run", "--step", "second").err
        self.assert_ran("second")
        self.assertIn("stale", shown)
        self.assertEqual(self.output("second.changed").read_text(), "seed\nmade\n")

    def test_step_without_results_to_stand_on_names_until(self):
        result = self.project.run("run", "--step", "second")
        self.assertNotEqual(result.code, 0)
        self.assertIn("--until second", result.err)
        self.assert_ran()

    def test_use_takes_outputs_from_a_folder(self):
        self.project.write("mine/text", "mine\n")
        self.ok("run", "--use", "first=mine")
        self.assert_ran("second", "third", "alone")
        self.assertEqual(self.project.read("results/copy"), "mine\nhello\ndone\n")
        self.assertIn("mine", self.ok("show").out)

    def test_use_reads_the_folder_again_each_time(self):
        self.project.write("mine/text", "mine\n")
        self.ok("run", "--use", "first=mine")
        self.project.trace()
        self.ok("run", "--use", "first=mine")
        self.assert_ran()
        self.project.write("mine/text", "other\n")
        self.ok("run", "--use", "first=mine")
        self.assert_ran("second", "third")

    def test_use_of_a_folder_that_is_not_there(self):
        result = self.project.run("run", "--use", "first=nowhere")
        self.assertNotEqual(result.code, 0)
        self.assertIn("nowhere", result.err)

    def test_a_parameter_of_the_command_line(self):
        self.ok("run", "-p", "word=with spaces; and $(quotes)'\"")
        self.assertEqual(self.project.read("results/copy"), "seed\nmade\nwith spaces; and $(quotes)'\"\ndone\n")
        self.assertIn("word", self.ok("show").out)

    def test_an_input_of_the_command_line(self):
        self.project.write("other seed.txt", "other\n")
        self.ok("run", "--input", "seed=other seed.txt")
        self.assertEqual(self.project.read("results/copy"), "other\nmade\nhello\ndone\n")

    def test_sets_are_recorded(self):
        self.ok("run", "--set", "alone.timeout=100")
        self.assertIn("alone.timeout", self.ok("show").out)

    def test_plan_runs_nothing(self):
        shown = self.ok("plan").out
        self.assert_ran()
        for step in ("first", "second", "third", "alone"):
            self.assertIn(step, shown)
        self.assertEqual([path.name for path in self.project.path.glob("results")], [])

    def test_jobs_bound_what_runs_at_once(self):
        self.project.spec("steps:\n" + "".join(f"""
  s{number}:
    command: echo in >> "$TRACE"; sleep 0.2; echo out >> "$TRACE"; echo {number} > ${{{{outputs.o}}}}
    outputs: {{o: {{type: file}}}}
""" for number in range(4)))
        self.ok("run", "-j", "1")
        self.assertEqual(self.project.trace(), ["in", "out"] * 4)
        self.ok("run", "-j", "4", "--force")
        self.assertEqual(self.project.trace()[:2], ["in", "in"])

    def test_equal_steps_run_once(self):
        same = """{command: 'echo in >> "$TRACE"; sleep 0.2; echo x > ${{outputs.o}}', outputs: {o: {type: file}}}"""
        self.project.spec(f"steps:\n  one: {same}\n  two: {same}\n")
        self.ok("run", "-j", "2")
        self.assertEqual(self.project.trace(), ["in"])
        self.assertEqual(self.output("one.o"), self.output("two.o"))

    def test_depends_on_is_an_order_without_data(self):
        self.project.spec("""
            steps:
              late: {command: 'echo late >> "$TRACE"', depends_on: [early], outputs: {o: }}
              early: {command: 'sleep 0.3; echo early >> "$TRACE"', outputs: {o: }}
            """)
        self.ok("run", "-j", "4")
        self.assertEqual(self.project.trace(), ["early", "late"])


class Samples(ScenarioTest):
    def setUp(self):
        super().setUp()
        self.project.spec(SCORE)
        self.project.write("score/score.py", ENTRY)
        write_files(self.project, "data", 9)

    def rows(self):
        return (self.output("score.rows") / "rows.txt").read_text().splitlines()

    def test_a_sample_is_marked_and_never_taken_for_the_whole(self):
        shown = self.ok("run", "--sample", "4")
        self.assertEqual(len(self.rows()), 4)
        self.assertIn("sample", shown.err + self.ok("show").out)
        self.ok("run")
        self.assertEqual(len(self.rows()), 9)
        self.assertEqual(self.output("count.count").read_text().strip(), "9")

    def test_a_setting_of_the_command_line(self):
        self.ok("run", "--set", "score.mini_batch_size=4")
        sizes = [line.split()[1] for line in self.rows()]
        self.assertEqual(sizes, ["4"] * 8 + ["1"])

    def test_settings_that_cannot_change_results_do_not_rerun(self):
        self.ok("run")
        result = self.ok("run", "--set", "score.process_count_per_node=3")
        self.assertIn("process_count_per_node", result.err)
        self.assertIn("--force-step score", result.err)


if __name__ == "__main__":
    unittest.main()
