"""What scripts log is found again: the logging example of the troubleshooting guide, and records for Application Insights where there is none."""

import http.server
import json
import os
import threading
import unittest

from entry_scripts import has_module
from support import VENV_PYTHON, ScenarioTest, lines_of, score_spec, write_files

# As the guide has it, but for where log_level comes from.
GUIDE = """
import argparse
import logging

from azureml.core.run import Run
from opencensus.ext.azure.log_exporter import AzureLogHandler

parser = argparse.ArgumentParser()
parser.add_argument("--log_level", default="DEBUG")
args = parser.parse_args()

run = Run.get_context()

# Azure ML Scalar value logging
run.log("scalar_value", 0.95)

# Python print statement
print("I am a python print statement, I will be sent to the driver logs.")

# Initialize Python logger
logger = logging.getLogger(__name__)
logger.setLevel(args.log_level)

# Plain Python logging statements
logger.debug("I am a plain debug statement, I will be sent to the driver logs.")
logger.info("I am a plain info statement, I will be sent to the driver logs.")

handler = AzureLogHandler(CONNECTION)
logger.addHandler(handler)

# Python logging with OpenCensus AzureLogHandler
logger.warning("I am an OpenCensus warning statement, find me in Application Insights!")
logger.error("I am an OpenCensus error statement with custom dimensions", {'step_id': run.id})
"""
IN_DRIVER_LOG = ["I am a python print statement, I will be sent to the driver logs.", "I am a plain debug statement, I will be sent to the driver logs.",
                 "I am a plain info statement, I will be sent to the driver logs."]
IN_INSIGHTS = ["I am an OpenCensus warning statement, find me in Application Insights!", "I am an OpenCensus error statement with custom dimensions"]


class Insights(http.server.ThreadingHTTPServer):
    """Somebody's real Application Insights."""

    daemon_threads = True

    def __init__(self):
        self.messages = []
        super().__init__(("127.0.0.1", 0), InsightsHandler)
        threading.Thread(target=self.serve_forever, daemon=True).start()
        self.connection = f"InstrumentationKey=12345678-1234-4234-8234-123456789012;IngestionEndpoint=http://127.0.0.1:{self.server_port}"


class InsightsHandler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        envelopes = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.messages += [envelope["data"]["baseData"].get("message") for envelope in envelopes]
        answer = json.dumps({"itemsReceived": len(envelopes), "itemsAccepted": len(envelopes), "errors": []}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


@unittest.skipUnless(VENV_PYTHON.exists() and has_module(VENV_PYTHON, "opencensus.ext.azure"), "opencensus-ext-azure is not installed: scripts/setup tests")
class Logging(ScenarioTest):
    def setUp(self):
        super().setUp()
        # Its handlers keep what they could not send below the home directory, and statistics of its own go to its makers.
        self.project.env |= {"HOME": str(self.project.base), "APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL": "true"}
        for name in ("APPLICATIONINSIGHTS_CONNECTION_STRING", "APPINSIGHTS_INSTRUMENTATIONKEY"):
            self.project.env.pop(name, None)

    def insights(self):
        server = Insights()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return server

    def guide(self, connection="", more=""):
        self.project.spec(f"environment: {{python: {VENV_PYTHON}}}\nsteps:\n  train:\n    source_directory: src\n    script_name: train.py\n" + more)
        self.project.write("src/train.py", GUIDE.replace("CONNECTION", connection))

    def test_the_guides_example_and_all_its_lines_are_found_again(self):
        self.guide()
        self.ok("run")
        logs = self.ok("logs", "train").out
        for line in IN_DRIVER_LOG + IN_INSIGHTS:
            self.assertEqual(logs.count(line), 1, logs)
        self.assertRegex(logs, r"\n\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z WARNING I am an OpenCensus warning")
        self.assertRegex(logs, r"Z ERROR I am an OpenCensus error statement with custom dimensions")
        self.assertEqual(self.ok("metrics", "--json").json()["runs"][0]["steps"][0]["metrics"], {"scalar_value": 0.95})
        self.assertEqual(self.ok("logs", "train", "--grep", "OpenCensus (warning|error)").out.count("I am an"), 2)

    def test_in_a_pipeline_of_the_sdk_v1_they_are_in_70_driver_log(self):
        self.project.write("pipeline.yaml", f"""
            pipeline:
              name: old
              default_compute: local
              steps:
                train:
                  type: PythonScriptStep
                  source_directory: src
                  script_name: train.py
            """)
        self.project.write("src/train.py", GUIDE.replace("CONNECTION", ""))
        self.ok("run", env={"PATH": f"{VENV_PYTHON.parent}:{os.environ['PATH']}"})
        logs = self.project.path / next(self.project.path.glob(".mlpipe/runs/*/steps/train/logs"))
        text = (logs / "azureml-logs/70_driver_log.txt").read_text()
        self.assertEqual(text, (logs / "user_logs/std_log.txt").read_text())
        for line in IN_DRIVER_LOG:
            self.assertIn(line, text)

    def test_where_the_user_names_application_insights_records_go_there(self):
        real = self.insights()
        self.guide()
        self.ok("run", env={"APPLICATIONINSIGHTS_CONNECTION_STRING": real.connection})
        self.assertEqual(real.messages, IN_INSIGHTS)
        self.assertNotIn("OpenCensus", self.ok("logs", "train").out)

    def test_a_step_that_names_it_is_left_alone(self):
        real = self.insights()
        self.guide(more=f"    environment_variables: {{APPLICATIONINSIGHTS_CONNECTION_STRING: '{real.connection}'}}\n")
        self.ok("run")
        self.assertEqual(real.messages, IN_INSIGHTS)

    def test_a_script_that_passes_its_own_is_left_alone(self):
        real = self.insights()
        self.guide(f"connection_string='{real.connection}'")
        self.ok("run")
        self.assertEqual(real.messages, IN_INSIGHTS)

    def test_a_python_that_could_not_send_is_told_of_no_endpoint(self):
        self.project.spec("steps: {train: {source_directory: src, command: python3 -I train.py}}")
        self.project.write("src/train.py", "import os\nprint('APPLICATIONINSIGHTS_CONNECTION_STRING' in os.environ)\n")
        self.ok("run")
        self.assertEqual(self.ok("logs", "train").out, "False\n")

    def test_a_proxy_is_not_asked_for_this_machine(self):
        self.guide()
        self.ok("run", env={"http_proxy": "http://127.0.0.1:9", "no_proxy": "example.com"})
        self.assertIn(IN_INSIGHTS[0], self.ok("logs", "train").out)

    def test_secrets_do_not_get_into_records(self):
        self.guide(more="    secrets: [TOKEN]\n")
        self.project.write("src/train.py", self.project.read("src/train.py") + "\nimport os\nlogger.warning('token ' + os.environ['TOKEN'])\n")
        self.ok("run", env={"TOKEN": "hunter2hunter2"})
        logs = self.ok("logs", "train").out
        self.assertIn("WARNING token ***", logs)

    def test_in_the_foreground_records_are_shown(self):
        self.guide()
        shown = self.ok("debug", "train").err
        for line in IN_INSIGHTS:
            self.assertEqual(shown.count(line), 1, shown)

    def test_workers_records_are_known_by_worker_and_mini_batch(self):
        for preload in ([], ["preload: [json]"]):
            self.project.spec(score_spec(lines_of({"mini_batch_size": 2, "process_count_per_node": 2}) + preload, python=VENV_PYTHON))
            self.project.write("score/score.py", """
                import logging
                import time
                from azureml.core import Run
                from opencensus.ext.azure.log_exporter import AzureLogHandler
                logger = logging.getLogger("score")
                def init():
                    logger.addHandler(AzureLogHandler())
                def run(mini_batch):
                    time.sleep(0.005)
                    for path in mini_batch: logger.warning("scored " + path)
                    Run.get_context().log("scored", len(mini_batch))
                    time.sleep(0.005)
                    return mini_batch
                """)
            write_files(self.project, "data", 6)
            self.ok("run", "--force")
            run = sorted((self.project.path / ".mlpipe/runs").iterdir())[-1]
            files = list(run.glob("steps/score/logs/user/app_insights/local-0/process00?.log.txt"))
            self.assertEqual(sum(file.read_text().count("WARNING scored ") for file in files), 6)
            sheet = self.ok("logs", "score", "--mini-batch", "1").out
            records = sheet.partition("app_insights/")[2]
            self.assertRegex(records, r"item-002\.txt\n.*item-003\.txt")
            self.assertNotIn("item-004.txt", records)
            lines = [json.loads(line) for line in (run / "steps/score/logs/user/metrics.jsonl").read_text().splitlines()]
            self.assertEqual(sorted(line["mini_batch"] for line in lines), [0, 1, 2])


if __name__ == "__main__":
    unittest.main()
