"""What a CI job sees of a run: JUnit XML, and GitHub's annotations and summary."""

import re
import unittest
import xml.etree.ElementTree as ElementTree

from support import ScenarioTest, write_chain, write_files

HOSTILE = b"<b>&\"' ]]> \x1b[31m \x01 % :: |x| `` \xef\xbf\xbf \xff\n```\n<script>\n"


def fail_with_hostile_text(project):
    (project.path / "second/hostile").write_bytes(HOSTILE)
    project.write("second/change.sh", "cat hostile >&2; exit 3\n")


class JUnit(ScenarioTest):
    def cases(self, name="junit.xml"):
        root = ElementTree.parse(self.project.path / name).getroot()
        return root, {case.get("name"): case for case in root.iter("testcase")}

    def test_each_step_is_a_case(self):
        write_chain(self.project)
        fail_with_hostile_text(self.project)
        self.fails(1, "run", "--junit", "reports/junit.xml")
        root, cases = self.cases("reports/junit.xml")
        self.assertEqual((root.get("tests"), root.get("failures"), root.get("skipped"), root.get("errors")), ("4", "1", "1", "0"))
        self.assertEqual(set(cases), {"first", "second", "third", "alone"})
        failure = cases["second"].find("failure")
        self.assertIn("exit code 3", failure.get("message"))
        self.assertEqual(failure.get("type"), "exit code 3")
        self.assertIn("<b>&\"' ]]>", failure.text)
        self.assertIn("again: mlpipe run --step second", failure.text)
        self.assertIn("second failed", cases["third"].find("skipped").get("message"))
        self.assertIsNone(cases["first"].find("failure"))

    def test_a_reused_step_says_from_where(self):
        write_chain(self.project)
        self.ok("run")
        self.ok("run", "--junit", "junit.xml")
        root, cases = self.cases()
        self.assertEqual(root.get("failures"), "0")
        self.assertRegex(cases["first"].find("system-out").text, "reused from run 2")

    def test_failed_items_stand_in_its_output(self):
        self.project.spec("""
            inputs: {data: data}
            steps:
              score:
                source_directory: score
                parallel_run_config: {entry_script: score.py, mini_batch_size: 2, error_threshold: 2, run_max_try: 1}
                inputs: {data: "${{pipeline.inputs.data}}"}
                outputs: {rows: }
            """)
        self.project.write("score/score.py", """
            def run(batch):
                if any(name.endswith("3.txt") for name in batch):
                    raise ValueError("a <bad> item")
                return batch
            """)
        write_files(self.project, "data", 8)
        self.ok("run", "--junit", "junit.xml")
        _, cases = self.cases()
        self.assertRegex(cases["score"].find("system-out").text, r"failed items:\n.*item-003.txt: .*a <bad> item")

    def test_only_a_parallel_step_exceeds_a_threshold(self):
        self.project.spec("steps: {quits: {command: exit 42}}\n")
        self.fails(1, "run", "--junit", "junit.xml")
        self.assertEqual(self.cases()[1]["quits"].find("failure").get("type"), "exit code 42")

    def test_a_place_that_cannot_be_written_is_said_before_the_run(self):
        write_chain(self.project)
        self.project.write("file", "")
        for place in ("file/junit.xml", "first", "/dev/full"):
            result = self.fails(2, "run", "--junit", place)
            self.assertIn("--junit: ", result.err)
        self.assert_ran()

    def test_what_an_earlier_run_left_is_not_taken_for_this_ones(self):
        self.project.spec("steps: {a: {comand: no}}\n")
        self.project.write("junit.xml", "<old/>\n")
        self.fails(3, "run", "--junit", "junit.xml")
        self.assertFalse((self.project.path / "junit.xml").exists())


class GitHub(ScenarioTest):
    def setUp(self):
        super().setUp()
        self.project.env |= {"GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": str(self.project.base), "GITHUB_STEP_SUMMARY": str(self.project.base / "summary.md")}

    def annotations(self, result):
        return [line for line in result.err.splitlines() if line.startswith("::")]

    def test_a_mistake_in_the_spec_is_shown_at_its_line(self):
        self.project.spec("steps:\n  a:\n    comand: echo 100%, a:b\n")
        for words in (["run"], ["validate"]):
            with self.subTest(words=words):
                self.assertEqual(self.annotations(self.fails(3, *words)),
                                 ["::error file=project/pipeline.yaml,line=3,col=5,endColumn=11,title=mlpipe::unknown key `comand` in step `a`"
                                  "%0Ahint: did you mean `command`?"])

    def test_a_failed_step_is_shown_at_the_users_own_frame(self):
        self.project.spec("steps:\n  train: {source_directory: src, script_name: train.py}\n")
        self.project.write("src/train.py", "import json\n\n\ndef load():\n    json.loads('100%')\n\n\nload()\n")
        line, = self.annotations(self.fails(1, "run"))
        self.assertRegex(line, r"^::error file=project/src/train\.py,line=5,title=step train failed::failed after .*exit code 1%0Ajson\.decoder\.JSONDecodeError: Extra data.*"
                               r"%0Amlpipe run --step train$")

    def test_an_entry_script_is_shown_in_the_source_too(self):
        self.project.write("below/pipeline.yaml", """
            inputs: {data: data}
            steps:
              score:
                source_directory: src
                parallel_run_config: {entry_script: score.py, run_max_try: 1}
                inputs: {data: "${{pipeline.inputs.data}}"}
                outputs: {rows: }
            """)
        self.project.write("below/src/score.py", "def run(batch):\n    raise ValueError('no')\n")
        write_files(self.project, "below/data", 1)
        line, = self.annotations(self.project.run("run", "below/pipeline.yaml"))
        self.assertRegex(line, r"^::error file=project/below/src/score\.py,line=2,title=step score failed::.*ValueError: no")

    def test_without_a_traceback_it_is_shown_in_the_spec(self):
        self.project.spec("steps:\n  a: {command: exit 3}\n")
        line, = self.annotations(self.fails(1, "run"))
        self.assertRegex(line, r"^::error file=project/pipeline\.yaml,line=2,col=3,endColumn=4,title=step a failed::failed after .*exit code 3")

    def test_what_a_step_prints_is_no_command(self):
        self.project.spec("steps:\n  a: {command: \"echo ::error::mine; printf '\\\\n::warning::mine\\\\r::notice::mine\\\\n'; echo '##[add-mask]mine'\"}\n")
        result = self.ok("run")
        self.assertEqual(self.annotations(result), [])
        self.assertNotIn("##[", result.err)
        self.assertIn("[add-mask]mine", result.err)

    def test_all_lines_of_an_exception_are_shown(self):
        self.project.spec("steps:\n  train: {source_directory: src, script_name: train.py}\n")
        self.project.write("src/train.py", "raise ValueError('first\\n  second\\nthird')\n")
        line, = self.annotations(self.fails(1, "run"))
        self.assertIn("%0AValueError: first%0A  second%0Athird%0A", line)

    def test_a_summary_that_cannot_be_written_is_said(self):
        self.project.env["GITHUB_STEP_SUMMARY"] = "/dev/full"
        self.project.spec("steps: {a: {command: echo hi}}\n")
        line, = self.annotations(self.ok("run"))
        self.assertRegex(line, "^::warning title=mlpipe::.*/dev/full")

    def test_the_summary_is_appended_and_nothing_in_it_is_markup(self):
        write_chain(self.project)
        fail_with_hostile_text(self.project)
        (self.project.base / "summary.md").write_text("before\n")
        self.fails(1, "run")
        text = (self.project.base / "summary.md").read_text()
        self.assertTrue(text.startswith("before\n### mlpipe: chain failed\n"))
        for row in (r"\| first \| ran \| .+ \| no earlier result", r"\| second \| failed \| .+ \| exit code 3", r"\| third \| skipped \|"):
            self.assertRegex(text, row)
        fence, = set(re.findall(r"^(`{4,})(?:text)?$", text, re.MULTILINE))
        inside = text.split(fence + "text\n")[1].split(fence)[0]
        self.assertIn("<script>", inside)
        self.assertIn("again: mlpipe run --step second", inside)
        self.assertNotIn("<script>", text.replace(inside, ""))

    def test_elsewhere_nothing_of_it(self):
        self.project.env["GITHUB_ACTIONS"] = "false"
        self.project.spec("steps:\n  a: {command: exit 3}\n")
        self.assertEqual(self.annotations(self.fails(1, "run")), [])
        self.assertFalse((self.project.base / "summary.md").exists())


if __name__ == "__main__":
    unittest.main()
