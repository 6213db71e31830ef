"""`mlpipe logs` with its options: one stream, one worker, one mini-batch, from a time on, what matches, and what is still being printed."""

import signal
import unittest

from output_schema import OutputSchema
from support import ScenarioTest, lines_of, score_spec, wait_until, write_files

BOTH = """
steps:
  talk:
    command: echo one; echo two >&2; printf half; echo three >&2; echo ' line'
"""


class LogsCommand(ScenarioTest):
    def score(self, entry, items=6, **values):
        self.project.spec(score_spec(lines_of({"mini_batch_size": 1, "process_count_per_node": 2} | values)))
        self.project.write("score/score.py", "import os, sys, time\n" + entry)
        write_files(self.project, "data", items)

    def test_one_stream_of_a_command_step(self):
        self.project.spec(BOTH.replace("; echo", "; sleep 0.05; echo").replace("; printf", "; sleep 0.05; printf"))
        self.ok("run")
        self.assertEqual(self.ok("logs", "talk", "--stderr").out, "two\nthree\n")
        self.assertEqual(self.ok("logs", "talk").out, "one\ntwo\nhalfthree\n line\n")

    def test_lines_that_match(self):
        self.project.spec(BOTH)
        self.ok("run")
        self.assertEqual(self.ok("logs", "talk", "--grep", "^(one|two)$").out.splitlines(), ["one", "two"])
        nothing = self.ok("logs", "talk", "--grep", "four")
        self.assertEqual((nothing.out, nothing.err), ("", "nothing that talk printed is like that\n"))
        self.assertIn("`(` is no regular expression", self.fails(2, "logs", "talk", "--grep", "(").err)

    def test_from_a_time_on(self):
        self.project.spec("steps: {talk: {command: echo old; sleep 1.2; date -u +%Y-%m-%dT%H:%M:%S.%3NZ >> $TRACE; sleep 0.01; echo new}}")
        self.ok("run")
        when, = self.project.trace()
        self.assertEqual(self.ok("logs", "talk", "--since", when).out, "new\n")
        self.assertEqual(self.ok("logs", "talk", "--since", "1h").out, "old\nnew\n")
        self.assertIn("--since soon is no time", self.fails(2, "logs", "talk", "--since", "soon").err)

    def test_ranks_of_a_command_step(self):
        self.project.write("pipeline.yaml", """
            $schema: https://azuremlschemas.azureedge.net/latest/pipelineJob.schema.json
            type: pipeline
            jobs:
              ranks:
                type: command
                command: echo rank $RANK
                environment: azureml:any@latest
                distribution: {type: pytorch, process_count_per_instance: 2}
            """)
        self.ok("run")
        self.assertEqual(self.ok("logs", "ranks", "--worker", "1").out, "rank 1\n")

    def test_one_worker_and_its_stderr(self):
        self.score("def run(mini_batch):\n    print('out', mini_batch[0]); print('err', mini_batch[0], file=sys.stderr); time.sleep(0.05)\n    return mini_batch\n")
        self.ok("run")
        everything = self.ok("logs", "score", "--stderr").out
        self.assertEqual((everything.count("err "), everything.count("out ")), (6, 0))
        ones = [self.ok("logs", "score", "--worker", str(number)).out for number in (0, 1)]
        self.assertEqual(sum(text.count("out ") for text in ones), 6)
        self.assertNotIn("process001", ones[0])

    def test_lines_without_a_time_belong_to_their_mini_batch(self):
        self.score("def run(mini_batch):\n    print('plain', os.path.basename(mini_batch[0]))\n    os.system('echo from a child ' + os.path.basename(mini_batch[0]))\n"
                   "    return mini_batch\n", items=40)
        self.ok("run")
        for number in (0, 1, 17, 39):
            lines = self.ok("logs", "score", "--mini-batch", str(number), "--grep", "item").out.splitlines()
            self.assertEqual([line for line in lines if "==>" not in line], [f"plain item-{number:03}.txt", f"from a child item-{number:03}.txt"])
            self.assertIn(f"plain item-{number:03}.txt\n", self.ok("logs", "score", "--mini-batch", str(number)).out)

    def test_a_worker_that_prints_now_and_then(self):
        # Quick mini-batches are sent ahead: who prints for the first time has several in hand.
        self.score("def run(mini_batch):\n    number = int(mini_batch[0][-7:-4])\n    if number in (17, 500): print('rare', number)\n"
                   "    if number == 901: print('x' * 2_000_000, end='loud\\n')\n    return mini_batch\n", items=1000, process_count_per_node=1)
        self.ok("run")
        for number in (17, 500):
            self.assertIn(f"rare {number}\n", self.ok("logs", "score", "--mini-batch", str(number), "--grep", "rare").out)
        marks = next(self.project.path.glob(".mlpipe/runs/*/steps/score/logs/sys/printed/process000.stdout.txt")).read_text().splitlines()
        self.assertEqual({mark.split()[-1] for mark in marks}, {"17", "500", "901"})

    def test_events_say_which_mini_batch_printed(self):
        self.score("def run(mini_batch):\n    print('plain', os.path.basename(mini_batch[0]))\n    return mini_batch\n")
        events = [event for event in self.ok("run", "--json").events() if event["event"] == "step_output"]
        texts = {}  # a text may arrive in pieces
        for event in events:
            texts[event["mini_batch"]] = texts.get(event["mini_batch"], "") + event["text"]
        self.assertEqual(texts, {number: f"plain item-{number:03}.txt\n" for number in range(6)})

    def test_what_is_printed_without_a_line_end_belongs_to_its_mini_batch(self):
        self.score("def run(mini_batch):\n    print('<' + os.path.basename(mini_batch[0]) + '>', end='')\n    return mini_batch\n", process_count_per_node=1)
        self.ok("run")
        for number in range(6):
            for options in ([], ["--grep", "<"]):
                text = self.ok("logs", "score", "--mini-batch", str(number), *options).out
                self.assertEqual([f"<item-{other:03}.txt>" in text for other in range(6)], [other == number for other in range(6)])

    def test_a_mini_batch_that_an_earlier_run_finished(self):
        self.score("def run(mini_batch):\n    print('plain', os.path.basename(mini_batch[0]))\n    while mini_batch[0].endswith('5.txt') and not os.path.exists('GO'): time.sleep(0.02)\n"
                   "    return mini_batch\n".replace("GO", str(self.project.base / "go")), process_count_per_node=1)
        run = self.project.start("run")
        wait_until(lambda: list(self.project.path.glob(".mlpipe/partial/*/rows*")) and any("item-005" in log.read_text() for log in self.project.path.glob(".mlpipe/runs/*/steps/score/logs/user/stdout/*/*")),
                   30, "the last mini-batch")
        run.send_signal(signal.SIGKILL)
        self.project.finish(run)
        before = min(path.name for path in self.project.path.glob(".mlpipe/runs/2*"))
        (self.project.base / "go").touch()
        self.ok("run")
        text = self.ok("logs", "score", "--mini-batch", "0").out
        self.assertIn(f"run {before} worked on it: mlpipe logs score --mini-batch 0 --run {before}\n", text)
        self.assertIn("plain item-000.txt", self.ok("logs", "score", "--mini-batch", "0", "--run", before).out)

    def test_json_has_the_same_text(self):
        self.project.spec(BOTH)
        self.ok("run")
        self.assertIn("step talk has no mini-batches", self.fails(2, "logs", "talk", "--mini-batch", "0").err)
        documents = self.ok("logs", "talk", "--json").events()
        self.assertEqual([mistake for document in documents for mistake in OutputSchema().mistakes(document)], [])
        self.assertEqual("".join(document["text"] for document in documents), self.ok("logs", "talk").out)
        self.score("def run(mini_batch):\n    print('plain', os.path.basename(mini_batch[0]))\n    return mini_batch\n")
        self.ok("run")
        documents = self.ok("logs", "score", "--json", "--mini-batch", "3").events()
        self.assertIn("plain item-003.txt\n", [document["text"] for document in documents])
        self.assertNotIn("item-002", "".join(document["text"] for document in documents))

    def follow(self, *arguments):
        file = open(self.project.base / "followed", "w+")
        self.addCleanup(file.close)
        process = self.project.start("logs", *arguments, "--follow", stdout=file)
        return process, lambda: (self.project.base / "followed").read_text()

    def test_following_a_step_from_before_it_begins_until_it_ends(self):
        self.project.spec("""
            steps:
              before: {command: 'while [ ! -e GO1 ]; do sleep 0.02; done'}
              talk: {depends_on: [before], command: 'echo one; while [ ! -e GO2 ]; do sleep 0.02; done; echo two'}
              after: {depends_on: [talk], command: 'while [ ! -e GO3 ]; do sleep 0.02; done'}
            """.replace("GO", str(self.project.base / "go")))
        run = self.project.start("run")
        wait_until(lambda: list(self.project.path.glob(".mlpipe/runs/*/steps/before")), 30, "the run to begin")
        process, text = self.follow("talk")
        (self.project.base / "go1").touch()
        wait_until(lambda: text() == "one\n", 30, "the first line")
        (self.project.base / "go2").touch()
        self.assertEqual(self.project.finish(process).code, 0)
        self.assertEqual(text(), "one\ntwo\n")
        self.assertIsNone(run.poll())
        (self.project.base / "go3").touch()
        self.assertEqual(self.project.finish(run).code, 0)

    def test_following_workers(self):
        self.score("def run(mini_batch):\n    print('scored', os.path.basename(mini_batch[0]))\n    while not os.path.exists('GO'): time.sleep(0.02)\n    return mini_batch\n"
                   .replace("GO", str(self.project.base / "go")), process_count_per_node=1)
        run = self.project.start("run")
        wait_until(lambda: list(self.project.path.glob(".mlpipe/runs/*")), 30, "the run to begin")
        process, text = self.follow("score", "--grep", "scored")
        wait_until(lambda: "scored item-000.txt\n" in text(), 30, "the first mini-batch")
        (self.project.base / "go").touch()
        self.assertEqual(self.project.finish(process).code, 0)
        self.assertEqual(self.project.finish(run).code, 0)
        self.assertEqual(text().count("scored"), 6)

    def test_following_a_step_that_there_is_not(self):
        self.project.spec("steps: {talk: {command: 'while [ ! -e GO ]; do sleep 0.02; done'}}".replace("GO", str(self.project.base / "go")))
        run = self.project.start("run")
        wait_until(lambda: list(self.project.path.glob(".mlpipe/runs/*/steps/talk")), 30, "the run to begin")
        result = self.fails(2, "logs", "tolk", "--follow")
        self.assertIn("has no step `tolk`", result.err)
        self.assertIn("talk", result.err.partition("tolk")[2])
        (self.project.base / "go").touch()
        self.project.finish(run)

    def test_following_shows_progress_bars_and_no_bookkeeping(self):
        self.score("def run(mini_batch):\n    print('50%', end='\\r')\n    while not os.path.exists('GO'): time.sleep(0.02)\n    return mini_batch\n"
                   .replace("GO", str(self.project.base / "go")), items=1)
        run = self.project.start("run")
        wait_until(lambda: list(self.project.path.glob(".mlpipe/runs/*/steps/score/logs/readme.txt")), 30, "the bookkeeping")
        process, text = self.follow("score")
        wait_until(lambda: "50%" in text(), 30, "the bar")
        self.assertNotIn("readme.txt", text())
        (self.project.base / "go").touch()
        self.assertEqual(self.project.finish(process).code, 0)
        self.project.finish(run)

    def test_following_one_mini_batch_has_what_it_logged(self):
        self.score("from azureml_user.parallel_run import EntryScript\ndef run(mini_batch):\n    name = os.path.basename(mini_batch[0])\n"
                   "    EntryScript().logger.info('logged ' + name)\n    print('printed', name)\n    while not os.path.exists('GO'): time.sleep(0.02)\n"
                   "    time.sleep(0.05)\n    return mini_batch\n".replace("GO", str(self.project.base / "go")), process_count_per_node=1)
        run = self.project.start("run")
        wait_until(lambda: list(self.project.path.glob(".mlpipe/runs/*/steps/score/logs/user/stdout/*/*")), 30, "the first mini-batch")
        process, text = self.follow("score", "--mini-batch", "2")
        (self.project.base / "go").touch()
        self.assertEqual(self.project.finish(process).code, 0)
        self.assertEqual(self.project.finish(run).code, 0)
        self.assertIn("printed item-002.txt\n", text())
        self.assertIn("logged item-002.txt\n", text())
        self.assertNotIn("item-004.txt", text())

    def test_following_a_run_that_is_killed_ends(self):
        self.project.spec("steps: {talk: {command: echo one; sleep 1000}}")
        run = self.project.start("run")
        wait_until(lambda: list(self.project.path.glob(".mlpipe/runs/*/steps/talk/logs/user_logs/std_log.txt")), 30, "the step to begin")
        process, text = self.follow("talk")
        wait_until(lambda: text() == "one\n", 30, "the first line")
        run.send_signal(signal.SIGKILL)
        run.communicate()
        self.assertEqual(self.project.finish(process).code, 0)

    def test_following_what_has_ended_prints_it_and_ends(self):
        self.project.spec(BOTH)
        self.ok("run")
        self.assertEqual(len(self.ok("logs", "talk", "--follow").out.splitlines()), 4)
        self.assertIn("has no step `tolk`", self.fails(2, "logs", "tolk", "--follow").err)

    def test_following_into_a_pipe_that_is_closed_ends(self):
        self.project.spec("steps: {talk: {command: 'while [ ! -e GO ]; do echo line; sleep 0.05; done'}}".replace("GO", str(self.project.base / "go")))
        run = self.project.start("run")
        wait_until(lambda: list(self.project.path.glob(".mlpipe/runs/*/steps/talk/logs/user_logs/std_log.txt")), 30, "the step to begin")
        process = self.project.start("logs", "talk", "--follow")
        self.assertEqual(process.stdout.readline(), "line\n")
        process.stdout.close()
        self.assertEqual(process.wait(timeout=30), 0)
        process.stderr.close()
        (self.project.base / "go").touch()
        self.project.finish(run)


if __name__ == "__main__":
    unittest.main()
