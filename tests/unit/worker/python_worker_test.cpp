// The Python harness, as a real process at the other end of a socket.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>

#include "base/text.h"
#include "support/temp_folder.h"
#include "system/files.h"
#include "system/process.h"
#include "worker/protocol.h"

using namespace mlpipe;
using namespace mlpipe::wire;

namespace {

struct Harness {
  test::TempFolder folder;
  Fields extra;
  Fd socket;
  Child child;
  Reader<FromWorker> reader;

  explicit Harness(const std::string& script, Fields more = {}) : extra(std::move(more)) {
    folder.write("code/score.py", script);
    folder.write("work/.keep", "");
    start("score.py");
  }

  void start(const std::string& entry) {
    auto sockets = socket_pair();
    REQUIRE(sockets);
    auto out = open_file(folder / "out", O_WRONLY | O_CREAT | O_APPEND), err = open_file(folder / "err", O_WRONLY | O_CREAT | O_APPEND);
    REQUIRE((out && err));
    ProcessSpec spec{{"python3", MLPIPE_SOURCE_DIR "/lib/worker/python/mlpipe_worker.py"}, folder / "work", environment_with({}), -1, out->get(),
                     err->get(), {sockets->second.get()}};
    auto spawned = Child::spawn(spec);
    REQUIRE(spawned);
    child = spawned.take();
    socket = std::move(sockets->first);
    Init init{{{"name", "process000"},
               {"entry_script", entry},
               {"source_directory", (folder / "code").string()},
               {"output_action", "append_row"},
               {"logging_level", "INFO"}}};
    init.fields.insert(init.fields.end(), extra.begin(), extra.end());
    send(init);
  }

  void send(ToWorker message) { REQUIRE(write_all(socket.get(), encode(message), "socket")); }

  // The next message; nothing: the worker closed the socket.
  std::optional<FromWorker> receive() {
    char chunk[65536];
    for (;;) {
      auto message = reader.next();
      REQUIRE(message);
      if (message->has_value()) return **message;
      const auto got = ::recv(socket.get(), chunk, sizeof chunk, 0);
      if (got <= 0) return std::nullopt;
      reader.feed({chunk, static_cast<std::size_t>(got)});
    }
  }

  template <class Kind>
  Kind expect() {
    auto message = receive();
    REQUIRE(message);
    if (const auto* failed = std::get_if<MiniBatchFailed>(&*message)) INFO(failed->traceback);
    if (const auto* failed = std::get_if<InitFailed>(&*message)) INFO(failed->traceback);
    REQUIRE(std::holds_alternative<Kind>(*message));
    return std::get<Kind>(*message);
  }

  FromWorker run(std::vector<std::string> items, std::uint64_t id = 0) {
    send(MiniBatch{id, 1, std::move(items)});
    auto message = receive();
    REQUIRE(message);
    return *message;
  }

  std::string rows(std::vector<std::string> items) {
    const auto message = run(std::move(items));
    if (const auto* failed = std::get_if<MiniBatchFailed>(&message)) FAIL(failed->traceback << failed->summary);
    return std::get<MiniBatchResult>(message).rows;
  }

  MiniBatchFailed failure(std::vector<std::string> items) {
    const auto message = run(std::move(items));
    REQUIRE(std::holds_alternative<MiniBatchFailed>(message));
    return std::get<MiniBatchFailed>(message);
  }

  ExitStatus stop(std::string& error) {
    send(Stop{});
    error = expect<Bye>().error;
    return child.reap();
  }
};

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

bool python_has(const std::string& module) {
  auto child = Child::spawn({{"python3", "-c", "import " + module}, {}, environment_with({}), -1, -1, -1, {}});
  return child && child->reap().ok();
}

}  // namespace

TEST_CASE("init, run and shutdown are called, and elements become lines") {
  Harness worker(R"(
state = []
def init(): state.append("init")
def run(batch): return [len(batch), 1.5, "é", ("a", 1), None, "two\nlines"]
def shutdown(): print("goodbye", state)
)");
  worker.expect<Ready>();
  const auto result = std::get<MiniBatchResult>(worker.run({"a", "b"}, 41));
  CHECK(result.id == 41);
  CHECK(result.attempt == 1);
  CHECK(result.items == 2);
  CHECK(result.returned == 6);
  CHECK(result.rows == "2\n1.5\né\n('a', 1)\nNone\ntwo\nlines\n");
  std::string error;
  CHECK(worker.stop(error).ok());
  CHECK(error.empty());
  CHECK(test::read(worker.folder / "out") == "goodbye ['init']\n");
}

TEST_CASE("file names of any bytes go through run and back unchanged") {
  Harness worker("def run(batch): return batch\n");
  worker.expect<Ready>();
  CHECK(worker.rows({"/d/caf\xe9.png", "/d/\xff\xfe", "/d/ü"}) == "/d/caf\xe9.png\n/d/\xff\xfe\n/d/ü\n");
}

TEST_CASE("without init and shutdown a script is fine, without run it is not") {
  Harness good("def run(batch): return ()\n");
  good.expect<Ready>();
  CHECK(good.rows({"a"}).empty());
  std::string error;
  CHECK(good.stop(error).ok());

  Harness bad("def score(batch): return []\n");
  CHECK(has(bad.expect<InitFailed>().summary, "score.py has no function run(mini_batch)"));
}

TEST_CASE("what cannot be imported fails init with a traceback of the script only") {
  for (const std::string script : {"import no_such_module\n", "def run(batch)\n  pass\n", "raise ValueError('at import')\n", "import sys; sys.exit(3)\n",
                                   "def run(b): pass\ndef init(): helper()\ndef helper(): 1/0\n"}) {
    Harness worker(script);
    const auto failed = worker.expect<InitFailed>();
    CAPTURE(failed.traceback);
    CHECK(has(failed.traceback, "score.py"));
    CHECK_FALSE(has(failed.traceback, "mlpipe_worker.py"));
    CHECK_FALSE(has(failed.traceback, "importlib"));
    CHECK_FALSE(failed.summary.empty());
    CHECK(worker.child.reap().code == 1);
  }
}

TEST_CASE("whatever run raises fails this try and nothing else") {
  Harness worker(R"(
import sys
def run(batch):
    kind = batch[0]
    if kind == "exit": sys.exit(7)
    if kind == "interrupt": raise KeyboardInterrupt
    if kind == "deep": return run(batch)
    if kind == "row": return [Rude()]
    if kind == "generator": return broken()
    if kind == "chain":
        try: 1/0
        except ZeroDivisionError as e: raise ValueError("ünï\udce9 \ud800") from e
    return batch
class Rude:
    def __str__(self): raise OSError("no text")
def broken():
    yield 1
    raise LookupError("late")
)");
  worker.expect<Ready>();
  CHECK(worker.failure({"exit"}).summary == "SystemExit: 7");
  CHECK(worker.failure({"interrupt"}).summary == "KeyboardInterrupt");
  CHECK(has(worker.failure({"deep"}).summary, "RecursionError"));
  CHECK(worker.failure({"row"}).summary == "OSError: no text");
  CHECK(worker.failure({"generator"}).summary == "LookupError: late");
  const auto chain = worker.failure({"chain"});
  CHECK(has(chain.summary, "ValueError: ün"));
  CHECK(has(chain.traceback, "ZeroDivisionError"));
  CHECK_FALSE(has(chain.traceback, "mlpipe_worker.py"));
  CHECK(worker.rows({"fine"}) == "fine\n");
}

TEST_CASE("what is no list of results is refused with its text, shortened") {
  Harness worker(R"(
values = {"none": None, "str": "text", "dict": {"a": 1}, "set": {1}, "int": 3, "long": "x" * 5000}
def run(batch): return values[batch[0]]
)");
  worker.expect<Ready>();
  CHECK(worker.failure({"none"}).summary == "run() returned None (NoneType), not a list, a tuple or a pandas DataFrame");
  for (const char* kind : {"str", "dict", "set", "int"}) CHECK(has(worker.failure({kind}).summary, "not a list"));
  CHECK(worker.failure({"long"}).summary.size() < 250);
  CHECK(worker.failure({"none"}).traceback.empty());
}

TEST_CASE("a generator is accepted, with one warning") {
  Harness worker("def run(batch):\n    for item in batch: yield item\n");
  worker.expect<Ready>();
  CHECK(worker.rows({"a", "b"}) == "a\nb\n");
  CHECK(worker.rows({"c"}) == "c\n");
  std::string error;
  worker.stop(error);
  const auto printed = test::read(worker.folder / "err");
  CHECK(split(printed, '\n').size() == 2);
  CHECK(has(printed, "run() returned a generator"));
}

TEST_CASE("a context is passed by arity, whatever its name and however run is wrapped") {
  const std::string body = "(batch, c): return [c.minibatch_index, c.dataset, c.partition_key_value, c.global_row_index_lower_bound]\n";
  const std::string wrapper = "import functools\ndef wrapped(f):\n    @functools.wraps(f)\n    def g(*a): return f(*a)\n    return g\n";
  const std::string method = "class Model:\n    def run(self, batch, context): return [context.minibatch_index, None, {}, 0]\nrun = Model().run\n";
  for (const auto& script : {"def run" + body, wrapper + "@wrapped\ndef run" + body, method}) {
    Harness worker(script);
    worker.expect<Ready>();
    CHECK(std::get<MiniBatchResult>(worker.run({"a"}, 12)).rows == "12\nNone\n{}\n0\n");
  }
  for (const std::string script : {"def run(batch, *rest): return rest\n", "def run(batch, *, context=None): return [context]\n",
                                   "class M:\n    def __call__(self, batch): return []\nrun = M()\n"}) {
    Harness worker(script);
    worker.expect<Ready>();
    CHECK_FALSE(has(worker.rows({"a"}), "Context"));
  }
}

TEST_CASE("argv, sys.path and the working directory are those of an Azure worker") {
  Harness worker(R"(
import sys, os, helper
def run(batch): return [sys.argv, sys.path[0], os.getcwd(), __name__, "mlpipe_worker" in sys.modules, any("worker/python" in p for p in sys.path)]
)",
                 {{"argument", "--output"}, {"argument", "/o ut"}, {"argument", "--x=\xe9"}});
  CHECK(has(worker.expect<InitFailed>().summary, "helper"));
  worker.folder.write("code/helper.py", "");
  worker.folder.write("code/sub/inner.py", test::read(worker.folder / "code/score.py"));
  worker.reader = {};
  worker.start("sub/inner.py");
  worker.expect<Ready>();
  const auto code = (worker.folder / "code").string();
  CHECK(worker.rows({"a"}) == "['" + code + "/sub/inner.py', '--output', '/o ut', '--x=\\udce9']\n" + code + "\n" +
                                  (worker.folder / "work").string() + "\nsub.inner\nFalse\nFalse\n");
}

TEST_CASE("a script can neither reach nor disturb the runner's socket by the usual numbers") {
  Harness worker(R"(
import os, subprocess, sys
def init():
    os.closerange(3, 64)
    os.write(1, b"raw\n")
    sys.stdout.write("no line end"); print(" printed")
def run(batch):
    out = subprocess.run(["ls", "/proc/self/fd"], stdout=subprocess.PIPE, close_fds=False).stdout.split()
    if os.fork() == 0: return ["from the child"]
    os.wait()
    return [len(out) <= 5]
)");
  worker.expect<Ready>();
  CHECK(worker.rows({"a"}) == "True\n");
  CHECK(worker.rows({"b"}) == "True\n");
  std::string error;
  worker.stop(error);
  CHECK(test::read(worker.folder / "out") == "raw\nno line end printed\n");
}

TEST_CASE("the root logger writes to stdout from its level on, whoever imports logging") {
  Harness worker("import logging\nlogging.info('hello')\nlogging.debug('not')\ndef run(batch): return batch\n");
  worker.expect<Ready>();
  std::string error;
  worker.stop(error);
  const auto printed = test::read(worker.folder / "out");
  CHECK(has(printed, "|root|INFO|"));
  CHECK(has(printed, "|hello\n"));
  CHECK_FALSE(has(printed, "not"));
}

TEST_CASE("an exception in shutdown is told, and the worker still ends well") {
  Harness worker("def run(batch): return batch\ndef shutdown(): raise RuntimeError('too late')\n");
  worker.expect<Ready>();
  std::string error;
  CHECK(worker.stop(error).ok());
  CHECK(has(error, "RuntimeError: too late"));
  CHECK(has(error, "score.py"));
}

TEST_CASE("the worker ends by itself when the runner is gone") {
  Harness worker("def run(batch): return batch\n");
  worker.expect<Ready>();
  worker.socket.reset();
  CHECK(worker.child.reap().code == 1);
}

TEST_CASE("summary_only formats nothing") {
  Harness worker("class Rude:\n    def __str__(self): raise OSError\ndef run(batch): return [Rude()]\n", {{"output_action", "summary_only"}});
  worker.expect<Ready>();
  const auto result = std::get<MiniBatchResult>(worker.run({"a"}));
  CHECK(result.returned == 1);
  CHECK(result.rows.empty());
}

TEST_CASE("frames larger than the socket's buffer go both ways") {
  Harness worker("def run(batch): return ['x' * 3000000, len(batch)]\n");
  worker.expect<Ready>();
  const auto rows = worker.rows(std::vector<std::string>(20000, std::string(100, 'p')));
  CHECK(rows.size() == 3000001 + 6);
}

TEST_CASE("a script may use multiprocessing with fresh interpreters") {
  Harness worker(R"(
import multiprocessing
def double(x): return 2 * x
def run(batch):
    with multiprocessing.get_context("spawn").Pool(1) as pool: return pool.map(double, batch)
)");
  worker.expect<Ready>();
  CHECK(worker.rows({"ab"}) == "abab\n");
}

TEST_CASE("a DataFrame is written as Azure does: blanks between, quotes where needed, neither header nor index") {
  if (!python_has("pandas")) return;
  Harness worker(R"(
import pandas
def run(batch):
    if batch[0] == "empty": return pandas.DataFrame()
    if batch[0] == "series": return pandas.Series([1, 2])
    return pandas.DataFrame({"name": ["a b", 'q"t'], "value": [1.5, None]}, index=[7, 8])
)");
  worker.expect<Ready>();
  const auto frame = std::get<MiniBatchResult>(worker.run({"frame"}));
  CHECK(frame.returned == 2);
  CHECK(frame.rows == "\"a b\" 1.5\n\"q\"\"t\" \"\"\n");
  CHECK(worker.rows({"empty"}).empty());
  CHECK(worker.rows({"series"}) == "1\n2\n");
}
