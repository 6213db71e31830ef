"""A small client of the debug adapter protocol, as editors speak it with debugpy."""

import json
import socket
import subprocess
import time


class Dap:
    def __init__(self, port):
        end = time.monotonic() + 30
        while True:
            try:
                self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
                break
            except ConnectionRefusedError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.05)
        self.file, self.number, self.seen = self.socket.makefile("rb"), 0, []

    def send(self, command, **arguments):
        self.number += 1
        body = json.dumps({"seq": self.number, "type": "request", "command": command, "arguments": arguments}).encode()
        self.socket.sendall(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        return self.number

    def receive(self):
        length = 0
        while (line := self.file.readline().strip()):
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        return json.loads(self.file.read(length)) if length else None

    def wait(self, matches):
        for message in self.seen:
            if matches(message):
                self.seen.remove(message)
                return message
        while (message := self.receive()) is not None:
            if matches(message):
                return message
            self.seen.append(message)
        raise AssertionError(f"the adapter is gone; it said {self.seen}")

    def request(self, command, **arguments):
        number = self.send(command, **arguments)
        return self.wait(lambda m: m["type"] == "response" and m["request_seq"] == number)

    def event(self, name):
        return self.wait(lambda m: m["type"] == "event" and m["event"] == name)

    def attach(self, mappings):
        self.request("initialize", adapterID="debugpy", pathFormat="path")
        self.send("attach", justMyCode=True, pathMappings=mappings)
        self.event("initialized")

    def break_at(self, path, line):
        return self.request("setBreakpoints", source={"path": path}, breakpoints=[{"line": line}])

    def stop(self):
        """The thread that has stopped, and its innermost frame."""
        thread = self.event("stopped")["body"]["threadId"]
        return thread, self.request("stackTrace", threadId=thread)["body"]["stackFrames"][0]

    def value(self, expression, frame):
        return self.request("evaluate", expression=expression, frameId=frame["id"])["body"]["result"]

    def close(self):
        self.file.close()
        self.socket.close()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def has_debugpy(python):
    return subprocess.run([python, "-c", "import debugpy"], capture_output=True).returncode == 0
