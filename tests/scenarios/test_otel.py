"""A run as a trace: what a receiver gets, read with the official classes of OTLP, and that no receiver can cost a run time or its result."""

import http.server
import socket
import threading
import unittest

import otlp_reader
from from_venv import from_venv
from support import ScenarioTest, lines_of, score_spec, write_files

OTLP = "opentelemetry.proto.collector.trace.v1.trace_service_pb2"
PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class Receiver(http.server.ThreadingHTTPServer):
    """Answers as it is told: a status, or nothing at all until it is closed."""

    daemon_threads = True

    def __init__(self, status=200):
        self.status, self.requests, self.closing = status, [], threading.Event()
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def spans(self):
        return [span for _, _, body in self.requests for span in otlp_reader.spans(from_venv(OTLP), body)]

    def close(self):
        self.closing.set()
        self.shutdown()
        self.server_close()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.requests.append((self.path, dict(self.headers), body))
        if self.server.status is None:
            self.server.closing.wait(60)
        self.send_response(self.server.status or 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class Traces(ScenarioTest):
    def setUp(self):
        super().setUp()
        from_venv(OTLP)

    def receiver(self, status=200):
        receiver = Receiver(status)
        self.addCleanup(receiver.close)
        return receiver

    def whole(self, receiver, code, *arguments, **options):
        """A run all of whose spans arrived: on a busy machine the end of one does not wait for them, and says so."""
        for _ in range(10):
            receiver.requests.clear()
            result = self.fails(code, *arguments, **options) if code else self.ok(*arguments, **options)
            if "did not reach" not in result.err:
                return result
        self.fail("no run's spans arrive")

    def two_steps(self):
        self.project.spec("""
            name: traced
            steps:
              good: {command: 'echo "$TRACEPARENT" > ${{outputs.seen}}', outputs: {seen: {type: file}}}
              bad: {command: exit 3, depends_on: [good]}
            """)

    def test_run_and_steps_as_the_official_classes_read_them(self):
        receiver = self.receiver()
        self.two_steps()
        self.whole(receiver, 1, "run", "--force", "--otel", receiver.url, env={"OTEL_SERVICE_NAME": "nightly", "OTEL_RESOURCE_ATTRIBUTES": "team=vision"})
        spans = {span["name"]: span for span in receiver.spans()}
        self.assertEqual(sorted(spans), ["bad", "good", "run traced"])
        run = spans["run traced"]
        self.assertEqual(run["parent"], "")
        self.assertEqual({span["parent"] for name, span in spans.items() if name != "run traced"}, {run["id"]})
        self.assertEqual(len({span["trace"] for span in spans.values()}), 1)
        for span in spans.values():
            self.assertLessEqual(span["began"], span["ended"])
        self.assertEqual((spans["bad"]["code"], spans["bad"]["message"]), (2, "exit code 3"))
        self.assertEqual(spans["good"]["code"], 0)
        self.assertEqual(spans["good"]["attributes"]["mlpipe.step.state"], "ran")
        self.assertEqual(run["attributes"]["process.exit.code"], 1)
        self.assertEqual((run["resource"]["service.name"], run["resource"]["team"], run["scope"]), ("nightly", "vision", "mlpipe"))
        path, headers, _ = receiver.requests[0]
        self.assertEqual((path, headers["Content-Type"]), ("/v1/traces", "application/x-protobuf"))

    def test_scripts_find_their_step_in_traceparent(self):
        receiver = self.receiver()
        self.two_steps()
        self.whole(receiver, 1, "run", "--force", env={"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": receiver.url + "/here", "TRACEPARENT": PARENT,
                                                       "OTEL_EXPORTER_OTLP_HEADERS": "api-key=a%20b"})
        version, trace, span, flags = self.output("good.seen").read_text().strip().split("-")
        spans = {each["name"]: each for each in receiver.spans()}
        self.assertEqual((version, trace, flags), ("00", PARENT.split("-")[1], "01"))
        self.assertEqual(span, spans["good"]["id"])
        self.assertEqual(spans["run traced"]["parent"], PARENT.split("-")[2])
        self.assertEqual(receiver.requests[0][0], "/here")
        self.assertEqual(receiver.requests[0][1]["api-key"], "a b")

    def test_a_parent_that_is_not_sampled_is_handed_on_and_nothing_is_sent(self):
        receiver = self.receiver()
        self.two_steps()
        self.fails(1, "run", "--otel", receiver.url, env={"TRACEPARENT": PARENT[:-1] + "0"})
        self.assertEqual(receiver.requests, [])
        self.assertRegex(self.output("good.seen").read_text(), r"^00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-00\n$")

    def test_workers_and_mini_batches(self):
        receiver = self.receiver()
        for preload in ([], ["preload: [json]"]):
            self.project.spec(score_spec(lines_of({"mini_batch_size": 1, "process_count_per_node": 2, "run_max_try": 2, "error_threshold": -1}) + preload))
            self.project.write("score/score.py", """
                import os
                def run(mini_batch):
                    if "003" in mini_batch[0]: raise ValueError("not this one")
                    return [os.environ["MLPIPE_WORKER"] + " " + os.environ["TRACEPARENT"]]
                """)
            write_files(self.project, "data", 6)
            self.whole(receiver, 0, "run", "--force", "--otel", receiver.url)
            spans = receiver.spans()
            workers = {span["name"]: span for span in spans if span["name"].startswith("process")}
            batches = [span for span in spans if span["name"] == "mini-batch"]
            self.assertEqual(len(batches), 7)
            self.assertLessEqual({span["parent"] for span in batches}, {span["id"] for span in workers.values()})
            failed = [span for span in batches if span["code"] == 2]
            self.assertEqual([(span["attributes"]["mlpipe.mini_batch"], span["attributes"]["mlpipe.mini_batch.try"]) for span in failed], [(3, 1), (3, 2)])
            self.assertIn("not this one", failed[0]["message"])
            step, = (span for span in spans if span["name"] == "score")
            self.assertEqual({span["parent"] for span in workers.values()}, {step["id"]})
            self.assertEqual(len({span["id"] for span in spans}), len(spans))
            for line in (self.output("score.rows") / "parallel_run_step.txt").read_text().splitlines():
                worker, traceparent = line.split()
                self.assertEqual(traceparent.split("-")[2], workers[worker]["id"])

    def test_what_people_see_of_the_address_has_no_secrets(self):
        self.project.spec("steps: {one: {command: echo hello}}")
        result = self.ok("run", "--otel", "http://user:password@127.0.0.1:1/x?api-key=secret")
        self.assertIn("did not reach http://127.0.0.1:1/x/v1/traces", result.err)
        self.assertNotRegex(result.err, "password|secret")

    def test_a_sampler_that_is_off(self):
        receiver = self.receiver()
        self.two_steps()
        self.fails(1, "run", env={"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url, "OTEL_TRACES_SAMPLER": "always_off"})
        self.assertEqual(receiver.requests, [])
        self.assertTrue(self.output("good.seen").read_text().endswith("-00\n"))

    def test_a_thousand_mini_batches_arrive_whole(self):
        receiver = self.receiver()
        self.project.spec(score_spec(lines_of({"mini_batch_size": 1, "process_count_per_node": 2})))
        self.project.write("score/score.py", "def run(mini_batch): return mini_batch\n")
        write_files(self.project, "data", 1500)
        result = self.ok("run", "--otel", receiver.url)
        lost = [line for line in result.err.splitlines() if "did not reach" in line]
        numbers = {span["attributes"]["mlpipe.mini_batch"] for span in receiver.spans() if span["name"] == "mini-batch"}
        # On a busy machine the end of the run does not wait for all of them, and says so.
        self.assertTrue(lost or numbers == set(range(1500)), result)
        self.assertGreaterEqual(len(numbers), 1000)

    def test_no_receiver_can_fail_a_run(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            absent = f"http://127.0.0.1:{free.getsockname()[1]}"
        for url in (absent, self.receiver(500).url, self.receiver(None).url, "http://no.such.host.invalid:4318", "https://127.0.0.1:1"):
            self.project.spec("steps: {one: {command: echo hello}}")
            result = self.ok("run", "--force", "--otel", url)
            self.assertRegex(result.err, r"2 of 2 spans did not reach \S+/v1/traces", url)

    def test_what_cannot_be_done_is_said(self):
        self.project.spec("steps: {one: {command: echo hello}}")
        result = self.fails(2, "run", "--otel", "localhost:4318")
        self.assertIn("--otel localhost:4318 is no http:// or https:// address", result.err)
        result = self.ok("run", env={"OTEL_EXPORTER_OTLP_ENDPOINT": "http://localhost:4317", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"})
        self.assertIn("no traces are sent: the environment asks for grpc", result.err)

    def test_a_step_with_a_trace_of_its_own_keeps_it(self):
        self.project.spec("""
            steps:
              one:
                command: echo "$TRACEPARENT"
                environment_variables: {TRACEPARENT: mine}
            """)
        self.ok("run", "--otel", self.receiver().url)
        self.assertIn("mine", self.ok("logs", "one").out)


if __name__ == "__main__":
    unittest.main()
