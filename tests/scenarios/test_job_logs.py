"""The logs of a parallel step: the tree that Azure users know, after success, failure, crashes and a resume."""

import csv
import json
import os
import re
import unittest

from support import ScenarioTest, lines_of, score_spec, wait_until, write_files

HEADER = ["Mini-batch Id", "Picked Count", "Process", "Start Time", "Total", "Succeeded", "Failed", "Elapsed Seconds", "Process Seconds",
          "Run Method Seconds", "Status", "Error Category", "Error Message", "Mini-batch Detail"]
ALWAYS = ["job_result.txt", "readme.txt", "sys/job_report/node_summary.csv", "sys/job_report/process_summary.csv",
          "sys/job_report/processed_mini-batches.csv", "sys/master_role.txt", "sys/node/local-0/_main.txt",
          "sys/node/local-0/process000.txt", "sys/perf/local-0/node_disk_usage.csv", "sys/perf/local-0/node_resource_usage.csv",
          "sys/perf/local-0/processes_resource_usage.csv"]
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z ")


class JobLogs(ScenarioTest):
    def prepare(self, entry, items=10, **values):
        settings = {"mini_batch_size": 3, "process_count_per_node": 1} | values
        self.project.spec(score_spec(lines_of(settings)))
        self.project.write("score/score.py", "import os, signal, sys, time\n" + entry.lstrip("\n"))
        write_files(self.project, "data", items)

    def logs(self, latest=-1):
        return sorted((self.project.path / ".mlpipe/runs").iterdir())[latest] / "steps/score/logs"

    def read(self, name, latest=-1):
        return (self.logs(latest) / name).read_text()

    def names(self):
        logs = self.logs()
        return {str(path.relative_to(logs)) for path in logs.rglob("*") if path.is_file()}

    def table(self, name="sys/job_report/processed_mini-batches.csv"):
        with open(self.logs() / name, newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    def overview(self):
        [file] = self.logs().glob("job_progress_overview.*.txt")
        lines = file.read_text().splitlines()
        for line in lines:
            self.assertRegex(line, TIME)
        return [TIME.sub("", line) for line in lines]

    def test_success(self):
        self.prepare("def run(mini_batch):\n    print('hello')\n    return mini_batch\n")
        self.ok("run")
        names = self.names()
        self.assertEqual([name for name in ALWAYS if name not in names], [])
        self.assertEqual([name for name in names if "error" in name or "warning" in name], [])
        rows = self.table()
        self.assertEqual(list(rows[0]), HEADER)
        self.assertEqual([row["Mini-batch Id"] for row in rows], ["0", "1", "2", "3"])
        self.assertEqual({row["Status"] for row in rows}, {"RUN_DONE"})
        self.assertEqual([int(row["Succeeded"]) for row in rows], [3, 3, 3, 1])
        for row in rows:
            self.assertGreaterEqual(float(row["Elapsed Seconds"]), float(row["Process Seconds"]))
            self.assertGreaterEqual(float(row["Process Seconds"]), float(row["Run Method Seconds"]))
        detail = json.loads(rows[3]["Mini-batch Detail"])
        self.assertEqual(detail, {"items": 1, "paths": [str(self.project.path / "data/item-009.txt")]})
        self.assertEqual(self.overview()[:2], ["the job started, with up to 1 worker", "scheduled 4 mini-batches with 10 items"])
        self.assertRegex(self.overview()[-3], r"^processed 4 of 4 mini-batches in 0:00:\d\d$|^10 rows ")
        self.assertIn("10 rows put together into parallel_run_step.txt, in the order of the mini-batches", self.overview())
        self.assertEqual(self.overview()[-1], "the job succeeded")
        self.assertTrue(self.read("job_result.txt").startswith("The job succeeded.\n4 mini-batches, 0 failed; 10 items, 0 failed; 10 rows\n"))
        life = self.read("sys/node/local-0/process000.txt")
        self.assertRegex(life, r"started with pid \d+\n.*is ready: imports and init\(\) took .*\n.* exits with returncode 0; ")
        samples = self.table("sys/perf/local-0/processes_resource_usage.csv")
        self.assertGreater(float(next(row for row in samples if row["Process"] == "process000")["Memory (MB)"]), 1)
        self.assertGreater(float(self.table("sys/perf/local-0/node_resource_usage.csv")[-1]["Memory Total (MB)"]), 1)

    def test_failure_names_its_root_cause(self):
        self.prepare("""
def run(mini_batch):
    if any("004" in path for path in mini_batch):
        raise ValueError("bad, \\"very\\" bad\\nindeed " + mini_batch[0])
    return mini_batch
""", run_max_try=2, mini_batch_size=2, process_count_per_node=2, isolate_failures="false")
        self.fails(5, "run")
        error = self.read("job_error.txt")
        self.assertTrue(error.startswith("Root cause: ValueError: bad,"), error)
        for part in ("Mini-batch: 2", "item-004.txt", 'File "score/score.py", line', "2 times: ValueError", "error_threshold allows 0"):
            self.assertIn(part, error)
        self.assertRegex(error, r"process00[01] \d")
        self.assertIn("2 times: ValueError", self.read("user/error.txt"))
        self.assertIn("error_threshold: 2 items failed, 0 allowed", self.read("job_result.txt"))
        failed = [row for row in self.table() if row["Mini-batch Id"] == "2"]
        self.assertEqual([(row["Picked Count"], row["Status"], row["Error Category"], row["Failed"]) for row in failed],
                         [("1", "RUN_EXCEPTION", "exception", "2"), ("2", "RUN_EXCEPTION", "exception", "2")])
        self.assertIn('bad, "very" bad', failed[0]["Error Message"])
        self.assertIn("giving up: 2 items failed", self.read("sys/master_role.txt"))
        self.assertIn("the job failed: 2 items failed, error_threshold allows 0", self.overview())

    def test_table_and_summaries_agree_with_the_record(self):
        self.prepare("""
def run(mini_batch):
    if "003" in mini_batch[0]: raise KeyError("no")
    return mini_batch[1:] if "006" in mini_batch[0] else mini_batch
""", error_threshold=-1, run_max_try=2, process_count_per_node=2, items=20, isolate_failures="false")
        counts = [event for event in self.ok("run", "--json").events() if event["event"] == "step_ended"][0]["record"]["counts"]
        last = {row["Mini-batch Id"]: row for row in self.table()}
        self.assertEqual(len(last), counts["mini_batches"])
        self.assertEqual(sum(int(row["Total"]) for row in last.values()), counts["items"])
        self.assertEqual(sum(int(row["Failed"]) for row in last.values()), counts["failed_items"])
        self.assertEqual(sum(row["Status"] != "RUN_DONE" for row in last.values()), counts["failed_mini_batches"])
        self.assertEqual(last["2"]["Error Category"], "items")
        self.assertIn("run() returned 2 results for 3 items", last["2"]["Error Message"])
        [node] = self.table("sys/job_report/node_summary.csv")
        processes = self.table("sys/job_report/process_summary.csv")
        for column in ("Mini-batches Done", "Failed Tries", "Items", "Starts"):
            self.assertEqual(int(node[column]), sum(int(row[column]) for row in processes))
        self.assertEqual((node["Mini-batches Done"], node["Failed Tries"], node["Failed Items"]), ("6", "2", "1"))

    def test_parts_of_a_mini_batch_are_in_the_table(self):
        self.prepare("""
def run(mini_batch):
    if any("002" in path for path in mini_batch): os.kill(os.getpid(), signal.SIGSEGV)
    return mini_batch
""", error_threshold=1, run_max_try=1, mini_batch_size=4)
        self.ok("run")
        rows = [(row["Total"], row["Error Category"], json.loads(row["Mini-batch Detail"]).get("first"))
                for row in self.table() if row["Mini-batch Id"] == "0"]
        self.assertEqual(rows[0], ("4", "crash", None))
        self.assertIn(("1", "crash", 2), rows)
        self.assertIn(("2", "", 0), rows)
        self.assertIn("mini-batch 0 is taken apart", self.read("sys/master_role.txt"))
        self.assertIn("failed_items.jsonl", self.names())

    def test_crash_and_timeout(self):
        self.prepare("""
def run(mini_batch):
    mark = os.environ["TRACE"] + os.path.basename(mini_batch[0])
    if not os.path.exists(mark):
        open(mark, "w").close()
        if "003" in mini_batch[0]: os.kill(os.getpid(), signal.SIGKILL)
        if "006" in mini_batch[0]: time.sleep(1000)
    return mini_batch
""", run_invocation_timeout=1, task_overhead_timeout=1)
        self.ok("run")
        ends = [(row["Mini-batch Id"], row["Status"], row["Error Category"]) for row in self.table() if row["Error Category"]]
        self.assertEqual(ends, [("1", "RUN_EXCEPTION", "crash"), ("2", "RUN_TIMEOUT", "timeout")])
        self.assertIn("process000 exits with returncode -9", self.read("sys/node/local-0/_main.txt"))
        life = self.read("sys/node/local-0/process000.txt")
        self.assertEqual(life.count("is replaced: started with pid"), 2)
        self.assertEqual(self.read("sys/error/local-0/process000.txt").count("\n"), 2)
        self.assertIn("mini-batch 1 failed (try 1 of 3)", self.read("sys/warning/local-0/_main.txt"))
        self.assertEqual(self.table("sys/job_report/process_summary.csv")[0]["Deaths"], "2")
        self.assertNotIn("user/error.txt", self.names())

    def test_init_that_fails(self):
        self.prepare("def init(): raise RuntimeError('no model')\ndef run(mini_batch): return mini_batch\n")
        self.fails(1, "run")
        self.assertEqual(self.table(), [])
        self.assertIn("3 times: RuntimeError: no model", self.read("job_error.txt").replace("init() failed: ", ""))
        self.assertIn("no model", self.read("user/error.txt"))

    def test_a_resume_has_logs_of_its_own(self):
        self.prepare("""
def run(mini_batch):
    if "006" in mini_batch[0] and not os.path.exists("DATA/go"): raise ValueError("not yet")
    return mini_batch
""".replace("DATA", str(self.project.path)), run_max_try=1)
        self.fails(5, "run")
        earlier = self.read("sys/job_report/processed_mini-batches.csv")
        self.project.write("go", "")
        self.ok("run")
        self.assertIn("resumed: 2 of 4 mini-batches were finished before and are kept", self.overview())
        self.assertEqual([row["Mini-batch Id"] for row in self.table()], ["2", "3"])
        self.assertIn("2 mini-batches of them finished in an earlier run and kept", self.read("job_result.txt"))
        self.assertEqual(self.read("sys/job_report/processed_mini-batches.csv", 0), earlier)

    def test_a_killed_run_keeps_what_is_older_than_a_second(self):
        self.prepare("""
def run(mini_batch):
    if "009" in mini_batch[0]: time.sleep(1000)
    return mini_batch
""")
        process = self.project.start("run")
        table = lambda: list(self.project.path.glob(".mlpipe/runs/*/steps/score/logs/sys/job_report/processed_mini-batches.csv"))
        wait_until(lambda: table() and table()[0].read_text().count("\n") == 4, 30, "the table to be written")
        process.kill()
        process.communicate()
        self.assertEqual([row["Mini-batch Id"] for row in self.table()], ["0", "1", "2"])
        self.assertIn("the first worker is ready", self.overview())

    def test_names_of_any_bytes_leave_a_table_that_can_be_read(self):
        self.prepare("def run(mini_batch): return [1] * len(mini_batch)\n", items=0, mini_batch_size=4)
        data = os.fsencode(self.project.path) + b"/data/"
        os.mkdir(data)
        names = [b"\xff bad", b'new\nline, "quoted"', "caf\u00e9".encode()]
        for name in names:
            with open(data + name, "w"):
                pass
        self.ok("run")
        [row] = self.table()
        paths = json.loads(row["Mini-batch Detail"])["paths"]
        self.assertEqual(sorted(os.fsencode(path) for path in paths), sorted(data + name for name in names))

    def test_secrets_are_edited_out_of_everything(self):
        self.prepare("def run(mini_batch):\n    raise ValueError('password is ' + os.environ['PASSWORD'] + ' in ' + __file__)\n")
        self.project.spec(self.project.read("pipeline.yaml") + "    secrets: [PASSWORD]\n")
        self.fails(5, "run", env={"PASSWORD": "hunter2hunter2"})
        for name in self.names():
            text = self.read(name)
            self.assertNotIn("hunter2", text, name)
            self.assertNotIn("/work/score/", text, name)
        self.assertIn("password is ***", self.read("job_error.txt"))
        self.assertIn("password is ***", self.table()[0]["Error Message"])

    def test_logs_that_cannot_be_written_fail_nothing(self):
        self.prepare("""
import glob, shutil
def init():
    [logs] = glob.glob("STORE/runs/*/steps/score/logs")
    shutil.rmtree(logs)
    open(logs, "w").close()
def run(mini_batch):
    print("x" * 100)
    return mini_batch
""".replace("STORE", str(self.project.path / ".mlpipe")))
        self.ok("run")
        self.assertEqual(len((self.output("score.rows") / "parallel_run_step.txt").read_text().splitlines()), 10)


if __name__ == "__main__":
    unittest.main()
