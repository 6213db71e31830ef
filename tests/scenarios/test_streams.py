"""What goes where: stdout is data, stderr is for people, colours only where a terminal wants them."""

import json
import os
import re
import subprocess
import unittest

from support import MLPIPE, ScenarioTest, write_chain

COLOUR = re.compile(r"\x1b\[[0-9;]*m")


class Streams(ScenarioTest):
    def setUp(self):
        super().setUp()
        write_chain(self.project)
        self.project.write("first/make.sh", 'cat "$1"; echo made; echo chatter >&2\n')

    def test_a_run_writes_nothing_to_stdout(self):
        result = self.ok("run")
        self.assertEqual(result.out, "")
        self.assertIn("chatter", result.err)

    def test_a_failed_run_writes_nothing_to_stdout(self):
        self.project.write("first/make.sh", "echo to stdout; exit 1\n")
        self.assertEqual(self.fails(1, "run").out, "")

    def test_json_is_one_object_a_line(self):
        result = self.ok("run", "--json")
        events = result.events()
        self.assertTrue(all(event["schema"] == 1 for event in events))
        self.assertIn("alone", result.out)

    def test_json_of_the_looking_commands(self):
        self.ok("run")
        for words in (["plan"], ["runs"], ["show"], ["why", "first"], ["diff", "latest", "latest"], ["validate"], ["doctor"]):
            with self.subTest(words=words):
                json.loads(self.ok(*words, "--json").out)

    def test_output_prints_a_path_and_nothing_else(self):
        self.ok("run")
        result = self.ok("output", "second.changed")
        self.assertTrue(os.path.isfile(result.out.rstrip("\n")))
        self.assertEqual(result.out.count("\n"), 1)
        self.assertEqual(result.err, "")

    def test_a_pipe_gets_plain_lines(self):
        result = self.ok("run")
        self.assertNotIn("\x1b", result.err)
        self.assertNotIn("\r", result.err)

    def test_lines_of_a_step_carry_its_name(self):
        line = next(line for line in self.ok("run").err.splitlines() if "chatter" in line)
        self.assertIn("first", line)

    def test_a_terminal_gets_colours_unless_no_color_is_set(self):
        self.assertRegex(self.project.run_in_terminal("run").out, COLOUR)
        shown = self.project.run_in_terminal("run", "--force", env={"NO_COLOR": "1"})
        self.assertEqual(shown.code, 0)
        self.assertNotRegex(shown.out, COLOUR)

    def test_a_dumb_terminal(self):
        shown = self.project.run_in_terminal("run", env={"TERM": "dumb"})
        self.assertEqual(shown.code, 0)
        self.assertNotRegex(shown.out, COLOUR)

    def test_a_failure_on_a_terminal(self):
        self.project.write("first/make.sh", "echo the reason >&2; exit 9\n")
        shown = self.project.run_in_terminal("run")
        self.assertEqual(shown.code, 1)
        self.assertIn("the reason", shown.out)
        self.assertIn("9", shown.out)

    def test_mistakes_go_to_stderr(self):
        self.project.spec("steps: {}\nx: 1\n")
        result = self.fails(3, "validate")
        self.assertEqual(result.out, "")
        self.assertIn("error:", result.err)

    def test_control_bytes_of_a_step_do_not_reach_the_terminal_raw(self):
        self.project.write("alone/words", "x\n")
        self.project.write("first/make.sh", "printf 'no newline at end' >&2; cat \"$1\"\n")
        shown = self.ok("run").err
        self.assertIn("no newline at end\n", shown)

    def test_much_output_is_neither_lost_nor_blocks(self):
        self.project.spec('steps: {talk: {command: "seq 200000 >&2; seq 200000", outputs: {o: }}}')
        self.ok("run")
        log = self.ok("logs", "talk").out
        self.assertEqual(log.count("\n199999\n"), 2)

    def test_mlpipe_itself_links_no_torch(self):
        listed = subprocess.run(["ldd", MLPIPE], capture_output=True, text=True, check=True).stdout
        listed = re.sub(r"\(0x[0-9a-f]+\)", "", listed)  # an address may have c10 in it
        self.assertIn("libc.so", listed)
        for name in ("torch", "c10", "python", "libgomp"):
            self.assertNotIn(name, listed)

    def test_version_and_help(self):
        self.assertRegex(self.ok("--version").out, r"^mlpipe \d+\.\d+\.\d+\n")
        help_text = self.ok("--help").out
        for command in ("run", "plan", "why", "validate", "runs", "show", "output", "logs", "diff", "rerun", "clone", "replay", "debug", "init", "doctor"):
            self.assertIn(command, help_text)
            self.assertTrue(self.ok(command, "--help").out)

    def test_doctor_tells_of_this_machine(self):
        shown = self.ok("doctor").out.lower()
        for word in ("python", "torch", "cores", "store"):
            self.assertIn(word, shown)

    def test_a_reader_that_goes_away_is_no_failure(self):
        self.ok("run")
        script = f'"{MLPIPE}" show | head -c 1 >/dev/null; echo "${{PIPESTATUS[0]}}"'
        result = subprocess.run(["bash", "-c", script], cwd=self.project.path, env=self.project.env, capture_output=True, text=True)
        self.assertIn(result.stdout.strip(), ("0", "141"), result.stderr)


if __name__ == "__main__":
    unittest.main()
