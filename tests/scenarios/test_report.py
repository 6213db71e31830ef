"""`mlpipe report` in a browser: no error, nothing asked of the network, nothing that axe-core finds wrong, texts that stay texts, the keyboard."""

import json
import os
import re

from browser import Visit, chromium, needs_browser
from support import Project, ScenarioTest, write_files

DIGITS = """
name: small digits
parameters: {epochs: 5, workers: 2}
inputs: {scans: scans}
steps:
  prepare:
    source_directory: prepare
    command: python3 prepare.py ${{inputs.scans}} ${{outputs.digits}}
    inputs: {scans: "${{pipeline.inputs.scans}}"}
    outputs: {digits: }
  train:
    source_directory: train
    command: python3 train.py --epochs ${{parameters.epochs}} ${{inputs.digits}} ${{outputs.model}}
    inputs: {digits: "${{steps.prepare.outputs.digits}}"}
    outputs: {model: }
  score:
    source_directory: score
    parallel_run_config:
      entry_script: score.py
      mini_batch_size: 5
      process_count_per_node: "${{parameters.workers}}"
      run_max_try: 1
      error_threshold: 10
    inputs: {digits: "${{steps.prepare.outputs.digits}}"}
    side_inputs: {model: "${{steps.train.outputs.model}}"}
    outputs: {rows: }
  evaluate:
    command: cat ${{inputs.rows}}/* | wc -l; echo seen > ${{outputs.report}}/seen
    inputs: {rows: "${{steps.score.outputs.rows}}", digits: "${{steps.prepare.outputs.digits}}"}
    outputs: {report: }
"""
PREPARE = """
import os, shutil, sys
for name in os.listdir(sys.argv[1]):
    shutil.copy(os.path.join(sys.argv[1], name), sys.argv[2])
print("prepared", len(os.listdir(sys.argv[2])), "scans")
"""
TRAIN = """
import sys
import mlflow
epochs = int(sys.argv[2])
for epoch in range(epochs):
    mlflow.log_metric("loss", 1 / (epoch + 1), step=epoch)
    mlflow.log_metric("accuracy", 1 - 0.5 / (epoch + 1), step=epoch)
    print("epoch", epoch)
open(sys.argv[-1] + "/model", "w").write(str(epochs))
"""
SCORE = """
import os
def init(): pass
def run(mini_batch):
    if any(name.endswith("013.txt") for name in mini_batch): raise ValueError("cannot read scan 13")
    return [os.path.basename(name) for name in mini_batch]
"""
ONE_BY_ONE = """
inputs: {data: data}
steps:
  score:
    source_directory: score
    parallel_run_config: {entry_script: score.py, mini_batch_size: 1, process_count_per_node: 2}
    inputs: {data: "${{pipeline.inputs.data}}"}
    outputs: {rows: }
"""


def write_digits(project):
    project.spec(DIGITS)
    project.write("prepare/prepare.py", PREPARE)
    project.write("train/train.py", TRAIN)
    project.write("score/score.py", SCORE)
    write_files(project, "scans", 60)


def write_one_by_one(project, count):
    project.spec(ONE_BY_ONE)
    project.write("score/score.py", "def init(): pass\ndef run(mini_batch): return ['row'] * len(mini_batch)\n")
    os.makedirs(project.path / "data")
    for number in range(count):
        (project.path / f"data/item-{number:05d}").write_text("x")


@needs_browser
class Reports(ScenarioTest):
    """Each test looks at a run that its class has made once."""

    @classmethod
    def setUpClass(cls):
        cls.shared = Project()
        cls.addClassCleanup(cls.shared.close)
        cls.browser = cls.enterClassContext(chromium())
        cls.make(cls.shared)

    def setUp(self):
        self.project = self.shared

    def visit(self, *run, **options):
        self.ok("report", *run, "-o", "report.html")
        visit = Visit(self.browser, self.project.path / "report.html", **options)
        self.addCleanup(visit.close)
        return visit

    def assert_sound(self, *run):
        for scheme, width in (("light", 1280), ("dark", 400)):
            with self.subTest(scheme=scheme, width=width):
                visit = self.visit(*run, scheme=scheme, width=width)
                for opened in (False, True):
                    if opened:
                        visit.press("o")
                    self.assertEqual(visit.violations(), [])
                self.assertEqual(visit.page.evaluate("document.documentElement.scrollWidth"), width, "the page scrolls sideways")
                self.assertEqual(visit.problems, [])


class DigitsReport(Reports):
    @classmethod
    def make(cls, project):
        write_digits(project)
        for arguments in ((), ("-p", "epochs=8")):
            result = project.run("run", *arguments)
            assert result.code == 0, result

    def test_no_error_and_nothing_wrong_in_light_and_dark_wide_and_narrow(self):
        self.assert_sound()

    def test_the_graph_leads_to_the_steps_and_says_how_each_ended(self):
        visit = self.visit()
        self.assertIn("reused: nothing it depends on changed", visit.page.get_attribute(".graph a[href='#step-0']", "aria-label"))
        self.assertEqual(visit.page.locator(".graph .edge").count(), 5)
        visit.page.click(".graph a[href='#step-1']")
        self.assertEqual(visit.focused(), "step-1")
        self.assertIn("parameter epochs: 5 -> 8", visit.text("#step-1"))
        visit.press("x")
        visit.page.click(".graph a[href='#step-1']")  # again, with the address that it has already
        self.assertIn("accuracy", visit.text("#step-1"))

    def test_the_keyboard_reaches_everything(self):
        visit = self.visit()
        visit.press("j", "j", "k", "Enter")
        visit.page.wait_for_selector("#step-0 > .inside")
        self.assertEqual(visit.focused(), "step-0")
        self.assertIn("prepared 60 scans", visit.text("#step-0"))
        visit.page.focus(".graph a[href='#step-3']")
        visit.press("Enter")
        self.assertEqual(visit.focused(), "step-3")
        visit.press("?")
        self.assertTrue(visit.page.evaluate("document.getElementById('help').open"))
        visit.press("j", "Escape")  # the keys of the page rest while it is open
        self.assertFalse(visit.page.evaluate("document.getElementById('help').open"))
        for key, section in {"t": "timeline", "c": "changes", "g": "graph", "s": "steps"}.items():
            visit.press(key)
            self.assertEqual(visit.focused(), section)

    def test_metrics_have_their_values_and_curves(self):
        visit = self.visit()
        visit.open_step(1)
        self.assertRegex(visit.text("#step-1 table"), r"loss\s+0.125\s+0.2\b")
        visit.page.focus("#step-1 canvas >> nth=1")
        visit.press("ArrowRight", "ArrowRight")
        self.assertEqual(visit.text("#step-1 output >> nth=1"), "step 1: 0.5")

    def test_failed_items_have_their_reasons(self):
        visit = self.visit()
        visit.open_step(2)
        inside = visit.text("#step-2")
        self.assertIn("cannot read scan 13", inside)
        self.assertIn("Failed items", inside)
        self.assertIn("item-013.txt", inside)

    def test_what_changed_since_the_last_run(self):
        visit = self.visit()
        self.assertIn("epochs: 5 → 8", visit.text("#changes"))
        self.assertIn("The same: prepare", visit.text("#changes"))
        first = sorted(os.listdir(self.project.path / ".mlpipe/runs"))[0]
        self.assertIn("nothing to compare it with", self.visit(first).text("#changes"))

    def test_logs_of_a_reused_step_are_those_of_the_run_that_made_it(self):
        visit = self.visit()
        visit.open_step(0)
        first = sorted(os.listdir(self.project.path / ".mlpipe/runs"))[0]
        self.assertIn(f"these are the logs of run {first}", visit.text("#step-0"))

    def test_where_the_page_goes(self):
        written = self.ok("report")
        self.assertRegex(written.out, r"^report-\d{8}-\d{6}-\d+\.html\n$")
        self.assertEqual(self.ok("report", "-o", "-").out, self.project.read(written.out.strip()))
        self.assertIn("no run `nonsense`", self.fails(2, "report", "nonsense").err)

    def test_a_spec_that_is_gone_leaves_the_graph_of_the_record(self):
        (self.project.path / "train").rename(self.project.path / "elsewhere")
        self.addCleanup((self.project.path / "elsewhere").rename, self.project.path / "train")
        self.assertEqual(self.visit().page.locator(".graph .edge").count(), 5)


class LargeReport(Reports):
    count = 10_000

    @classmethod
    def make(cls, project):
        write_one_by_one(project, cls.count)
        result = project.run("run")
        assert result.code == 0, result

    def test_no_error_and_nothing_wrong(self):
        self.assert_sound()

    def test_every_mini_batch_is_there_and_can_be_pointed_at(self):
        visit = self.visit()
        self.assertIn("10,000 tries", visit.text("#step-0"))
        self.assertEqual(visit.page.evaluate("data.steps[0].mini_batches.tries.begun.length"), self.count)
        visit.page.hover("#step-0 canvas >> nth=0", position={"x": 300, "y": 90})
        self.assertRegex(visit.text("#step-0 output >> nth=0"), r"mini-batch \d+ on process [01]: .*, 1 item")
        visit.page.focus("#step-0 canvas >> nth=1")
        visit.press("ArrowLeft")
        self.assertIn("10,000 after", visit.text("#step-0 output >> nth=1"))

    def test_the_data_is_compact(self):
        data = re.search(r'<script type="application/json" id="data">(.*?)</script>', self.ok("report", "-o", "-").out).group(1)
        self.assertEqual(json.loads(data)["steps"][0]["mini_batches"]["all_tries"], self.count)
        self.assertLess(len(data), 100 * self.count)


HOSTILE = "</script><script>alert(1)</script><!--<img src=x onerror=alert(2)>&lt;b&gt;{{data}}\\u2028\\u2029'\\\""


class HostileReport(Reports):
    @classmethod
    def make(cls, project):
        project.spec(f"""
            name: '</title><script>alert(3)</script>'
            parameters: {{word: "<img src=x onerror=alert(4)>"}}
            inputs: {{data: data}}
            steps:
              talk:
                source_directory: talk
                command: python3 talk.py ${{{{parameters.word}}}} ${{{{outputs.made}}}}
                outputs: {{made: }}
              score:
                source_directory: score
                parallel_run_config: {{entry_script: score.py, mini_batch_size: 1, run_max_try: 1, process_count_per_node: 1, error_threshold: 10}}
                inputs: {{data: "${{{{pipeline.inputs.data}}}}"}}
                outputs: {{rows: }}
              fail:
                command: echo '<b onclick=alert(5)>' >&2; exit 3
            """)
        project.write("talk/talk.py", f"""
            import sys, mlflow
            for word in (b"{HOSTILE}".decode("unicode_escape").encode(), b"\\xff\\xfe broken", b"\\x00\\x1b[31mred"):
                sys.stdout.buffer.write(word + b"\\n")
            mlflow.log_metric("<b>loss</b>", 1.0)
            """)
        project.write("score/score.py", f'def init(): pass\ndef run(mini_batch):\n    if "img" in mini_batch[0]: raise ValueError("{HOSTILE}")\n    return mini_batch\n')
        project.write("data/fine.txt", "x")
        project.write("data/<img src=x onerror=alert(6)>.txt", "x")
        result = project.run("run")
        assert "fail" in result.err, result

    def test_no_error_and_nothing_wrong(self):
        self.assert_sound()

    def test_every_text_stays_a_text(self):
        visit = self.visit()
        visit.press("o")
        self.assertEqual(visit.page.locator("img, b, script:not([id=data]):not([nonce])").count(), 0)
        self.assertEqual(visit.text("h1"), "</title><script>alert(3)</script>")
        talked = visit.text("#step-0")
        self.assertIn("</script><script>alert(1)</script><!--<img src=x onerror=alert(2)>&lt;b&gt;{{data}}", talked)
        self.assertIn("\ufffd\ufffd broken", talked)
        self.assertIn("<b>loss</b>", talked)
        self.assertIn("<img src=x onerror=alert(6)>.txt", visit.text("#step-1"))
        self.assertEqual(visit.problems, [])

    def test_a_failed_step_is_open_and_told_above(self):
        visit = self.visit()
        self.assertIn("fail: exit code 3", visit.text("#failure"))
        self.assertTrue(visit.page.evaluate("document.getElementById('step-2').open"))
        visit.press("e")
        self.assertEqual(visit.focused(), "step-2")
        self.assertIn("<b onclick=alert(5)>", visit.text("#step-2"))


class UnfinishedReport(ScenarioTest):
    """Without a browser: the data of the page."""

    def steps(self):
        page = self.ok("report", "-o", "-").out
        data = json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', page).group(1))
        return data["run"]["state"], [(step["name"], step["state"], step["outcome"]) for step in data["steps"]]

    def test_a_run_that_goes_on_and_one_that_was_killed(self):
        self.project.spec("steps: {first: {command: echo began; echo first >> $TRACE; sleep 60}, last: {command: 'true', depends_on: [first]}}\n")
        run = self.project.start("run")
        self.project.wait_for_trace("first")
        self.assertEqual(self.steps(), ("running", [("first", "running", "running"), ("last", "waiting", "waiting")]))
        run.kill()
        run.communicate()
        self.assertEqual(self.steps(), ("killed", [("first", "stopped", "killed before it ended"), ("last", "not run", "not run")]))


del Reports  # alone it makes no run
