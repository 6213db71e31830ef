// Whole parallel steps with real Python workers.
#include "batch/parallel_step.h"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <functional>

#include "batch/workers/launcher.h"
#include "support/temp_folder.h"
#include "system/process.h"
#include "reuse/scan.h"
#include "store/printed_index.h"

using namespace mlpipe;

namespace {

// The interpreter itself: a version manager's shell wrapper in front of it takes longer than Python does.
std::string interpreter() {
  static const std::string found = [] {
    auto out = make_pipe();
    if (!out) return std::string("python3");
    auto child = Child::spawn({{"python3", "-c", "import sys; print(sys.executable, end='')"}, {}, environment_with({}), -1, out->second.get(), -1, {}});
    out->second.reset();
    if (!child) return std::string("python3");
    char path[4096];
    const auto size = ::read(out->first.get(), path, sizeof path);
    child->reap();
    return size > 0 ? std::string(path, static_cast<std::size_t>(size)) : "python3";
  }();
  return found;
}

std::size_t open_descriptors() {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) ++count;
  return count;
}

struct Run : ParallelListener {
  test::TempFolder folder;
  EventLoop loop;
  ParallelJob job;
  std::optional<ParallelOutcome> outcome;
  std::vector<std::string> notices, workers;  // of workers: why they ended
  std::vector<std::uint64_t> tries;
  ParallelProgress last;
  std::string out, err;
  std::function<void(const ParallelProgress&)> each_progress;
  std::unique_ptr<WorkerLauncher> launcher;  // of the next run; none: the usual one
  std::unique_ptr<ParallelStep> running;
  std::size_t descriptors_before = 0;

  explicit Run(const std::string& script, int items = 10) {
    folder.write("code/score.py", script);
    for (int i = 0; i < items; ++i) folder.write("in/item" + std::to_string(100 + i), std::to_string(i));
    std::filesystem::create_directories(folder / "output");
    job.step = "score";
    job.config.entry_script.value = "score.py";
    job.config.mini_batch_size = {2, true};
    job.config.isolate_failures = false;
    job.inputs = {{"images", DataType::folder, folder / "in", nullptr}};
    job.environment = environment_with({});
    job.python = interpreter();
    job.code = folder / "code";
    job.source = "/home/me/score";
    job.replacements = {{job.code.string(), job.source.string()}};
    job.output = folder / "output";
    job.scratch = folder / "scratch";
    job.state = folder / "state";
    job.logs = folder / "logs";
    job.workers = 2;
  }

  void on_output(const std::string&, bool is_stderr, std::string_view text, std::optional<std::uint64_t>) override { (is_stderr ? err : out) += text; }
  void on_worker_ended(const std::string&, WallTime, Seconds, const std::string& cause) override { workers.push_back(cause); }
  void on_try_ended(const std::string&, const EndedTry& ended) override { tries.push_back(ended.mini_batch); }
  void on_progress(const ParallelProgress& progress) override {
    last = progress;
    if (each_progress) each_progress(progress);
  }
  void on_notice(const std::string& message, const std::string&) override { notices.push_back(message); }
  void on_finished(ParallelOutcome ended) override {
    outcome = std::move(ended);
    loop.stop();
  }

  void scan() {
    for (auto& input : job.inputs) {
      auto tree = scan_tree(input.path);
      if (!tree) FAIL(tree.error().message);
      input.tree = std::make_shared<const Tree>(tree.take());
    }
  }

  // A whole run. Whatever happens, nothing is left: no process, no descriptor, no worker's folder.
  const ParallelOutcome& run() {
    outcome.reset();
    scan();
    descriptors_before = open_descriptors();
    running = std::make_unique<ParallelStep>(loop, Clock::real(), job, *this, std::move(launcher));
    const auto started = running->start();
    if (!started) FAIL(started.error().message);
    loop.run();
    REQUIRE(outcome);
    running.reset();
    CHECK(last.workers == 0);
    CHECK(open_descriptors() == descriptors_before);
    CHECK(std::filesystem::is_empty(job.scratch));
    int status = 0;
    CHECK(::waitpid(-1, &status, WNOHANG) == -1);
    return *outcome;
  }

  std::string rows() const { return test::read(job.output / job.config.append_row_file_name); }
  std::string expected(int items = 10) const {
    std::string text;
    for (int i = 0; i < items; ++i) text += "item" + std::to_string(100 + i) + "\n";
    return text;
  }
  bool noticed(const std::string& part) const {
    return std::any_of(notices.begin(), notices.end(), [&](const std::string& n) { return n.find(part) != std::string::npos; });
  }
};

const std::string names = "import os\ndef names(batch): return [os.path.basename(p) for p in batch]\n";
const std::string good = names + "def run(batch): return names(batch)\n";

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

std::string message(const ParallelOutcome& outcome) { return outcome.status ? "" : outcome.status.error().message; }

// Fails `first` tries of the mini-batch with item104, as `how` says.
std::string failing(int tries, const std::string& how) {
  return names + "import sys, time, signal\ndef run(batch):\n    marks = os.path.dirname(os.path.dirname(batch[0])) + '/marks'\n" +
         "    if 'item104' in names(batch):\n        os.makedirs(marks, exist_ok=True)\n        n = len(os.listdir(marks))\n" +
         "        if n < " + std::to_string(tries) + ":\n            open(marks + '/' + str(n), 'w').close()\n            " + how +
         "\n    return names(batch)\n";
}

}  // namespace

TEST_CASE("each try is told, and each worker that ended, with why when nobody asked it to") {
  Run step(failing(1, "os.kill(os.getpid(), signal.SIGSEGV)"));
  step.job.workers = 1;
  CHECK(message(step.run()) == "");
  CHECK(step.tries.size() == 6);
  CHECK(std::count(step.tries.begin(), step.tries.end(), 2) == 2);
  REQUIRE(step.workers.size() == 2);
  CHECK(has(step.workers[0], "SIGSEGV"));
  CHECK(step.workers[1] == "");
}

TEST_CASE("what a worker printed is known to belong to its mini-batch") {
  Run step(names + "def run(batch):\n    print('scored', names(batch)[0])\n    return batch\n");
  step.job.workers = 1;
  CHECK(message(step.run()) == "");
  const Path log = "user/stdout/local-0/process000.stdout.txt";
  const std::string text = test::read(step.job.logs / log);
  const auto marks = parse_marks(test::read(step.job.logs / index_of_log(log)));
  REQUIRE(marks.size() == 5);
  for (std::size_t i = 0; i < marks.size(); ++i) {
    CHECK(marks[i].mini_batch == i);
    CHECK(text.substr(marks[i].offset).find("scored item" + std::to_string(100 + 2 * i) + "\n") == 0);
  }
}

TEST_CASE("rows are published in mini-batch order, however many workers there are") {
  for (int workers : {1, 2, 5}) {
    Run step(good);
    step.job.workers = workers;
    const auto& outcome = step.run();
    CHECK(message(outcome) == "");
    CHECK(step.rows() == step.expected());
    CHECK(outcome.counts.mini_batches == 5);
    CHECK(outcome.counts.items == 10);
    CHECK(outcome.counts.rows == 10);
    CHECK(outcome.counts.failed_items == 0);
    CHECK(outcome.resumed == 0);
    CHECK(has(test::read(step.job.logs / "job_result.txt"), "succeeded"));
  }
}

TEST_CASE("what workers print is logged where Azure users look, and handed on") {
  Run step(names + "import sys\ndef init(): print('starting', file=sys.stderr)\ndef run(batch):\n    print('scoring', len(batch))\n    return names(batch)\n");
  step.job.workers = 1;
  CHECK(message(step.run()) == "");
  CHECK(step.out == "scoring 2\nscoring 2\nscoring 2\nscoring 2\nscoring 2\n");
  CHECK(test::read(step.job.logs / "user/stdout/local-0/process000.stdout.txt") == step.out);
  CHECK(test::read(step.job.logs / "user/stderr/local-0/process000.stderr.txt") == "starting\n");
}

TEST_CASE("an exception costs a try, and the third one succeeds") {
  Run step(failing(2, "raise ValueError('not yet')"));
  const auto& outcome = step.run();
  CHECK(message(outcome) == "");
  CHECK(step.rows() == step.expected());
  CHECK(step.noticed("mini-batch 2 failed (try 1 of 3): ValueError: not yet"));
  CHECK(step.noticed("(try 2 of 3)"));
  CHECK(outcome.counts.failed_mini_batches == 0);
}

TEST_CASE("a worker that is killed, crashes or leaves is replaced, and its mini-batch tried again") {
  for (const std::string how : {"os.kill(os.getpid(), signal.SIGKILL)", "os.abort()", "os._exit(0)", "os._exit(3)"}) {
    Run step(failing(2, how));
    const auto& outcome = step.run();
    CHECK(message(outcome) == "");
    CHECK(step.rows() == step.expected());
    CHECK(step.noticed("the worker process"));
  }
}

TEST_CASE("a mini-batch that is given up fails the step with its root cause first") {
  Run step(failing(99, "raise ValueError('bad image')"));
  const auto& outcome = step.run();
  REQUIRE_FALSE(outcome.status);
  CHECK(outcome.status.error().kind == ErrorKind::threshold);
  CHECK(outcome.status.error().message == "2 items failed, error_threshold allows 0");
  CHECK(outcome.cause == "ValueError: bad image");
  CHECK(has(outcome.traceback, "File \"/home/me/score/score.py\", line"));
  CHECK_FALSE(has(outcome.traceback, step.job.code.string()));
  CHECK(outcome.mini_batch == 2);
  REQUIRE(outcome.items.size() == 2);
  CHECK(has(outcome.items[0], "item104"));
  CHECK(has(test::read(outcome.log), "(try 3 of 3)"));
  CHECK_FALSE(std::filesystem::exists(step.job.output / step.job.config.append_row_file_name));
  CHECK(has(test::read(step.job.logs / "job_result.txt"), "bad image"));
}

TEST_CASE("within the threshold a given-up mini-batch leaves a gap, and its items count") {
  Run step(failing(99, "raise ValueError('bad image')"));
  step.job.config.error_threshold = 2;
  const auto& outcome = step.run();
  CHECK(message(outcome) == "");
  CHECK(outcome.counts.failed_items == 2);
  CHECK(outcome.counts.failed_mini_batches == 1);
  CHECK(step.rows() == "item100\nitem101\nitem102\nitem103\nitem106\nitem107\nitem108\nitem109\n");
}

TEST_CASE("a short return fails items at once, without another try; more than the input is noticed once") {
  Run step(names + "def run(batch):\n    print('run')\n    return names(batch)[1:]\n");
  step.job.config.error_threshold = 5;
  auto* outcome = &step.run();
  CHECK(message(*outcome) == "");
  CHECK(outcome->counts.failed_items == 5);
  CHECK(outcome->counts.failed_mini_batches == 0);
  CHECK(std::count(step.out.begin(), step.out.end(), '\n') == 5);
  Run more(names + "def run(batch): return names(batch) * 2\n");
  outcome = &more.run();
  CHECK(message(*outcome) == "");
  CHECK(outcome->counts.rows == 20);
  CHECK(outcome->counts.failed_items == 0);
  CHECK(more.notices.size() == 1);
}

TEST_CASE("nothing returned at all fails append_row and not summary_only") {
  Run step("def run(batch): return []\n");
  step.job.config.error_threshold = -1;
  CHECK(has(message(step.run()), "not one of 10 items succeeded"));
  Run summary("def run(batch): return []\n");
  summary.job.config.error_threshold = -1;
  summary.job.config.output_action = OutputAction::summary_only;
  CHECK(message(summary.run()) == "");
  CHECK(std::filesystem::is_empty(summary.job.output));
}

namespace {

// 64 items in one mini-batch, of which item 137 does what `how` says.
Run poisoned(const std::string& how) {
  return Run(names + "import sys, time, signal\ndef run(batch):\n    if any(n == 'item137' for n in names(batch)):\n        " + how +
                 "\n    return names(batch)\n",
             64);
}

std::string all_but(const std::string& bad, int items) {
  std::string text;
  for (int i = 0; i < items; ++i)
    if (const auto name = "item" + std::to_string(100 + i); name != bad) text += name + "\n";
  return text;
}

}  // namespace

TEST_CASE("one bad item is found and named, every other one is scored: it raises, crashes, or hangs") {
  for (const std::string how : {"raise ValueError('bad pixel')", "print('about to', file=sys.stderr); os.kill(os.getpid(), signal.SIGSEGV)", "time.sleep(60)"}) {
    CAPTURE(how);
    auto step = poisoned(how);
    step.job.config.isolate_failures = true;
    step.job.config.mini_batch_size = {64, true};
    step.job.config.error_threshold = 1;
    if (has(how, "sleep")) step.job.config.run_invocation_timeout = Seconds(0.7);
    step.job.config.task_overhead_timeout = Seconds(0);
    const auto& outcome = step.run();
    CHECK(message(outcome) == "");
    CHECK(step.rows() == all_but("item137", 64));
    CHECK(outcome.counts.failed_items == 1);
    CHECK(outcome.counts.failed_mini_batches == 0);
    CHECK(outcome.items == std::vector<std::string>{(step.folder / "in/item137").string()});
    const auto list = test::read(step.job.logs / "failed_items.jsonl");
    CHECK(std::count(list.begin(), list.end(), '\n') == 1);
    CHECK(has(list, "\"number\":37,\"item\":\"" + (step.folder / "in/item137").string()));
    if (has(how, "raise")) CHECK(has(list, "\"kind\":\"exception\"") == has(list, "ValueError: bad pixel"));
    if (has(how, "SIGSEGV")) CHECK((has(list, "\"signal\":\"SIGSEGV\"") && has(list, "\"peak_memory\"") && has(list, "about to")));
    if (has(how, "sleep")) CHECK(has(list, "\"kind\":\"timeout\""));
    CHECK(step.noticed("Azure would count 64 failed items in 1 failed mini-batch: it would fail, as 64 items failed, error_threshold allows 1"));
  }
}

TEST_CASE("every item of a mini-batch that is taken apart can be bad: then it is given up as a whole") {
  Run step(names + "def run(batch):\n    if 'item104' in names(batch) or 'item105' in names(batch): raise ValueError('no')\n    return names(batch)\n");
  step.job.config.isolate_failures = true;
  step.job.config.error_threshold = -1;
  const auto& outcome = step.run();
  CHECK(message(outcome) == "");
  CHECK(outcome.counts.failed_mini_batches == 1);
  CHECK(outcome.counts.failed_items == 2);
  const auto list = test::read(step.job.logs / "failed_items.jsonl");
  CHECK(std::count(list.begin(), list.end(), '\n') == 2);
}

TEST_CASE("what failed of a mini-batch that was taken apart is known to the run that goes on, also when the journal lacks its record") {
  Run step(names + "def run(batch):\n    if 'item104' in names(batch): raise ValueError('no')\n    if 'item108' in names(batch): raise ValueError('not yet')\n"
                   "    return names(batch)\n");
  step.job.config.isolate_failures = true;
  step.job.config.error_threshold = 1;
  step.job.workers = 1;
  CHECK_FALSE(step.run().status);
  step.folder.write("state/failed_items", test::read(step.job.state / "failed_items") + "0 [\"{}\"]\n17 [\"{}\"]\nrubbish\n3 [");
  step.folder.write("code/score.py", names + "def run(batch):\n    if 'item104' in names(batch): raise ValueError('other')\n    return names(batch)\n");
  const auto& outcome = step.run();
  CHECK(message(outcome) == "");
  CHECK(outcome.resumed == 4);
  CHECK(step.rows() == all_but("item104", 10));
  const auto list = test::read(step.job.logs / "failed_items.jsonl");
  CHECK(std::count(list.begin(), list.end(), '\n') == 1);
  CHECK(has(list, "ValueError: no\""));
}

TEST_CASE("what failed of a finished mini-batch is known to the run that goes on") {
  Run step(names + "def run(batch):\n    if 'item102' in names(batch): raise ValueError('no')\n    if 'item108' in names(batch): raise ValueError('not yet')\n"
                   "    return names(batch)\n");
  step.job.config.isolate_failures = true;
  step.job.config.error_threshold = -1;
  step.job.config.allowed_failed_count = 0;
  step.job.workers = 1;
  const auto out = step.run().status;
  CHECK(out);
  std::filesystem::remove_all(step.job.logs);
  step.folder.write("code/score.py", "raise Exception\n");
  const auto& outcome = step.run();
  CHECK(message(outcome) == "");
  CHECK(outcome.resumed == 5);
  const auto list = test::read(step.job.logs / "failed_items.jsonl");
  CHECK(std::count(list.begin(), list.end(), '\n') == 2);
  CHECK(has(list, "ValueError: no\""));
  CHECK(step.noticed("Azure would count 4 failed items in 2 failed mini-batches"));
}

TEST_CASE("a process in which more than 10 tries failed is replaced, after its shutdown") {
  Run step(names + "import sys\ndef run(batch):\n    print('pid', os.getpid(), file=sys.stderr)\n    raise ValueError('no')\ndef shutdown():\n    print('down', file=sys.stderr)\n", 12);
  step.job.config.mini_batch_size = {1, true};
  step.job.config.run_max_try = 1;
  step.job.config.error_threshold = -1;
  step.job.config.output_action = OutputAction::summary_only;
  step.job.workers = 1;
  step.run();
  const auto down = step.err.find("down\n");
  REQUIRE(down != std::string::npos);
  const auto before = step.err.substr(0, down);
  CHECK(std::count(before.begin(), before.end(), '\n') == 11);
  CHECK(has(step.err.substr(down + 5), "pid"));
}

TEST_CASE("a worker killed when memory ran out lowers the number of workers and costs no try, as long as there are others") {
  Run step(failing(2, "os.kill(os.getpid(), signal.SIGKILL)"));
  step.job.config.run_max_try = 2;  // the second time it is the mini-batch's fault
  step.job.workers = 3;
  std::uint64_t kills = 0;
  step.job.oom_kills = [&] { return kills++; };
  CHECK(message(step.run()) == "");
  CHECK(step.rows() == step.expected());
  CHECK(step.noticed("because memory ran out"));
  CHECK(step.noticed("from now on 2 workers instead of 3"));
  CHECK_FALSE(step.noticed("from now on 1 worker"));
}

TEST_CASE("a worker killed when memory ran out, though alone, names the item") {
  Run step(failing(100, "os.kill(os.getpid(), signal.SIGKILL)"));
  step.job.config.isolate_failures = true;
  step.job.config.run_max_try = 1;
  step.job.config.error_threshold = 1;
  step.job.workers = 1;
  std::uint64_t kills = 0;
  step.job.oom_kills = [&] { return kills++; };
  CHECK(message(step.run()) == "");
  CHECK(step.rows() == all_but("item104", 10));
  CHECK(has(test::read(step.job.logs / "failed_items.jsonl"), "\"kind\":\"out of memory\""));
}

// Starts some workers, and then no more: the machine has no room for another process.
class FullMachine final : public WorkerLauncher {
 public:
  FullMachine(EventLoop& loop, const ParallelJob& job, int room) : loop_(loop), real_(make_python_launcher(loop, job)), room_(room) {}
  void launch(int number, std::function<void(Result<WorkerProcess>)> done) override {
    if (room_-- > 0) return real_->launch(number, std::move(done));
    loop_.after(std::chrono::nanoseconds(0), [done] { done(Error{ErrorKind::step_failed, "cannot start a process", ""}); });
  }
  void collect(int number, std::function<void(ExitStatus)> done) override { real_->collect(number, std::move(done)); }
  void kill(int number) override { real_->kill(number); }

 private:
  EventLoop& loop_;
  std::unique_ptr<WorkerLauncher> real_;
  int room_;
};

TEST_CASE("the workers that there are go on when no other can be started") {
  Run step(good);
  step.launcher = std::make_unique<FullMachine>(step.loop, step.job, 1);
  CHECK(message(step.run()) == "");
  CHECK(step.rows() == step.expected());
  CHECK(step.noticed("cannot start a process: from now on 1 worker instead of 2"));

  Run none(good);
  none.launcher = std::make_unique<FullMachine>(none.loop, none.job, 0);
  CHECK(message(none.run()) == "cannot start a process");
}

TEST_CASE("a step in which nothing gets finished for too long is given up") {
  Run step("import time\ndef run(batch): time.sleep(60)\n");
  step.job.config.flags.progress_update_timeout = Seconds(0.5);
  const auto& outcome = step.run();
  CHECK(message(outcome) == "no mini-batch was finished for 500 ms");
  CHECK(outcome.status.error().kind == ErrorKind::timeout);
}

TEST_CASE("threads that a script left running are no lack of progress: the results are written") {
  Run step(names + "import threading, time\ndef run(batch):\n    threading.Thread(target=time.sleep, args=(1000,)).start()\n    return names(batch)\n");
  step.job.config.flags.progress_update_timeout = Seconds(2);
  CHECK(message(step.run()) == "");
  CHECK(step.rows() == step.expected());
  CHECK(step.noticed("threads of the script kept the worker from ending"));
}

TEST_CASE("a threshold that the bad items of one mini-batch exceed ends the step before all of its items are tried") {
  Run step("import os\ndef run(batch):\n    open(os.environ['TRACE'], 'a').write('x')\n    raise ValueError('no')\n", 64);
  step.job.config.isolate_failures = true;
  step.job.config.mini_batch_size = {64, true};
  step.job.config.error_threshold = 2;
  step.job.config.run_max_try = 1;
  step.job.workers = 1;
  step.job.environment.push_back("TRACE=" + (step.folder / "trace").string());
  CHECK(message(step.run()) == "3 items failed, error_threshold allows 2");
  CHECK(test::read(step.folder / "trace").size() < 16);
  const auto list = test::read(step.job.logs / "failed_items.jsonl");
  CHECK(std::count(list.begin(), list.end(), '\n') == 3);
  CHECK(step.noticed("3 of 64 items failed"));
}

TEST_CASE("what scripts wrote may be moved away once everything is done: a run killed then is scored again") {
  for (const bool writes_files : {false, true}) {
    CAPTURE(writes_files);
    const std::string file = writes_files ? "open(os.environ['AZUREML_BI_OUTPUT_PATH'] + '/' + names(batch)[0], 'w').close()" : "pass";
    Run step(names + "def run(batch):\n    " + file + "\n    return names(batch)\n");
    CHECK(message(step.run()) == "");
    std::filesystem::remove_all(step.job.output);  // as publication does
    std::filesystem::create_directories(step.job.output);
    CHECK(step.run().resumed == (writes_files ? 0 : 5));
    CHECK(step.rows() == step.expected());
    CHECK(std::filesystem::exists(step.job.output / "item100") == writes_files);
  }
}

TEST_CASE("rank mini-batches that all fail fail the step") {
  Run step("def run(batch): raise ValueError('no')\n");
  step.job.inputs.clear();
  step.job.config.flags.rank_mini_batch_count = 3;
  step.job.config.error_threshold = -1;
  step.job.config.output_action = OutputAction::summary_only;
  CHECK(message(step.run()) == "not one of 3 mini-batches succeeded");
  step.job.config.error_threshold = 0;
  CHECK(message(step.run()) == "1 item failed, error_threshold allows 0");
}

TEST_CASE("run that takes too long is killed, costs a try, and its whole process group goes") {
  Run step(failing(1, "import subprocess; subprocess.run(['sleep', '1000'])"));
  step.job.config.run_invocation_timeout = Seconds(0.5);
  step.job.config.task_overhead_timeout = Seconds(0.5);
  CHECK(message(step.run()) == "");
  CHECK(step.noticed("run() took longer than 1.00 s"));
  CHECK(step.rows() == step.expected());

  Run always("import time\ndef run(batch): time.sleep(1000)\n");
  always.job.config.run_invocation_timeout = Seconds(0.1);
  always.job.config.task_overhead_timeout = Seconds(0.1);
  always.job.config.run_max_try = 1;
  always.job.config.flags.progress_update_timeout = Seconds(60);  // on a busy machine nothing may move for longer than three tries take
  const auto& outcome = always.run();
  REQUIRE_FALSE(outcome.status);
  CHECK(outcome.status.error().kind == ErrorKind::threshold);
}

TEST_CASE("init that fails is tried 3 times per worker, then the step says why") {
  Run step("def init(): raise RuntimeError('no model')\ndef run(batch): return batch\n");
  const auto& outcome = step.run();
  REQUIRE_FALSE(outcome.status);
  CHECK(outcome.status.error().kind == ErrorKind::step_failed);
  CHECK(outcome.status.error().message == "init() failed: RuntimeError: no model");
  CHECK(has(outcome.traceback, "File \"/home/me/score/score.py\""));
  CHECK(has(test::read(outcome.log), "no model"));
  std::size_t tries = 0;
  for (const char* name : {"process000.txt", "process001.txt"}) {
    const auto text = test::read(step.job.logs / "user/error/local-0" / name);
    for (std::size_t at = 0; (at = text.find("Traceback", at)) != std::string::npos; ++at) ++tries;
  }
  CHECK(tries >= 6);

  Run hanging("import time\ndef init(): time.sleep(1000)\ndef run(batch): return batch\n");
  hanging.job.config.run_invocation_timeout = hanging.job.config.task_overhead_timeout = Seconds(0.05);
  hanging.job.config.flags.progress_update_timeout = Seconds(60);
  CHECK(has(message(hanging.run()), "init() took longer than"));
}

TEST_CASE("an interpreter that is not there fails the step without a second try") {
  Run step(good);
  step.job.python = "/no/such/python";
  CHECK(has(message(step.run()), "/no/such/python"));
}

TEST_CASE("a step that fails keeps what is finished, and the next run does only the rest") {
  Run step(failing(1, "raise ValueError('once')"));
  step.job.workers = 1;
  step.job.config.run_max_try = 1;
  REQUIRE_FALSE(step.run().status);
  step.folder.write("code/score.py", names + "def run(batch):\n    print(names(batch)[0])\n    return names(batch)\n");
  step.out.clear();
  const auto& outcome = step.run();
  CHECK(message(outcome) == "");
  CHECK(outcome.resumed == 2);
  CHECK(step.out == "item104\nitem106\nitem108\n");
  CHECK(step.rows() == step.expected());
  CHECK(outcome.counts.rows == 10);
  // With everything finished no worker is needed at all.
  step.folder.write("code/score.py", "raise Exception\n");
  CHECK(step.run().resumed == 5);
  CHECK(step.rows() == step.expected());
}

TEST_CASE("a step that failed over its items really tries again, and fails again with the cause") {
  Run step(names + "def run(batch):\n    open(os.environ['AZUREML_BI_OUTPUT_PATH'] + '/' + names(batch)[0], 'w').close()\n"
                   "    return [n for n in names(batch) if n != 'item104']\n");
  step.job.workers = 1;
  for (int turn = 0; turn < 2; ++turn) {
    const auto& outcome = step.run();
    CHECK(message(outcome) == "1 item failed, error_threshold allows 0");
    CHECK(outcome.cause == "run() returned 1 result for 2 items");
    CHECK(outcome.resumed == 2 * static_cast<std::uint64_t>(turn));
  }
  CHECK(step.noticed("the earlier attempt failed: 1 item failed, error_threshold allows 0: 1 mini-batch with failed items is scored again"));
  step.folder.write("code/score.py", good);
  CHECK(message(step.run()) == "");
  CHECK(step.rows() == step.expected());
}

TEST_CASE("after a power cut files that scripts wrote themselves are written again, and rows alone are kept") {
  for (const bool writes_files : {false, true}) {
    const std::string file = writes_files ? "open(os.environ['AZUREML_BI_OUTPUT_PATH'] + '/' + names(batch)[0], 'w').close()" : "pass";
    Run step(failing(1, "raise ValueError('once')") + "scored = run\ndef run(batch):\n    " + file + "\n    return scored(batch)\n");
    step.job.workers = step.job.config.run_max_try = 1;
    REQUIRE_FALSE(step.run().status);
    auto journal = test::read(step.job.state / "journal");
    journal[64] ^= 1;
    step.folder.write("state/journal", journal);
    CHECK(step.run().resumed == (writes_files ? 0 : 2));
    CHECK(step.noticed("the machine was started anew since") == writes_files);
    CHECK(step.rows() == step.expected());
  }
}

TEST_CASE("secrets and the private copy's path leave in no text: terminal, logs, notices, causes, results of the job") {
  const std::string secret = "hunter2!";
  Run step(names + "import sys\nsecret = 'hunter2' + '!'\ndef run(batch):\n"
                   "    sys.stdout.write('hun'); sys.stdout.flush(); sys.stdout.write('ter2!'); sys.stdout.flush(); sys.stdout.write('hunt'); sys.stdout.flush()\n"
                   "    print(secret, __file__, file=sys.stderr)\n    raise ValueError('wrong: ' + secret)\n");
  step.job.replacements.emplace_back(secret, "***");
  step.job.workers = step.job.config.run_max_try = 1;
  const auto& outcome = step.run();
  CHECK(message(outcome) == "2 items failed, error_threshold allows 0");
  CHECK(outcome.cause == "ValueError: wrong: ***");
  CHECK(step.noticed("ValueError: wrong: ***"));
  CHECK(step.out == "***hunt");
  CHECK(step.err == "*** /home/me/score/score.py\n");
  std::string all = step.out + step.err + outcome.traceback;
  for (const auto& text : step.notices) all += text;
  for (const auto& file : std::filesystem::recursive_directory_iterator(step.job.logs))
    if (file.is_regular_file()) all += test::read(file.path());
  CHECK_FALSE(has(all, secret));
  CHECK_FALSE(has(all, step.job.code.string()));
  CHECK(has(test::read(step.job.logs / "user/stdout/local-0/process000.stdout.txt"), "***hunt"));
}

TEST_CASE("stop lets what is in flight finish and calls shutdown; kill does not wait") {
  const std::string slow = names + "import time\ndef run(batch):\n    time.sleep(0.1)\n    return names(batch)\ndef shutdown(): print('bye')\n";
  Run step(slow, 100);
  step.each_progress = [&](const ParallelProgress& progress) {
    if (progress.done == 2) step.running->stop(ErrorKind::interrupted);
  };
  auto* outcome = &step.run();
  REQUIRE_FALSE(outcome->status);
  CHECK(outcome->status.error().kind == ErrorKind::interrupted);
  CHECK(has(step.out, "bye\n"));
  step.each_progress = [&](const ParallelProgress& progress) {
    if (progress.done == 6) step.running->kill(ErrorKind::terminated);
  };
  outcome = &step.run();
  REQUIRE_FALSE(outcome->status);
  CHECK(outcome->status.error().kind == ErrorKind::terminated);
  CHECK(outcome->resumed >= 2);
  step.each_progress = nullptr;
  step.folder.write("code/score.py", good);
  outcome = &step.run();
  CHECK(message(*outcome) == "");
  CHECK(outcome->resumed >= 6);
  CHECK(step.rows() == step.expected(100));
}

TEST_CASE("a step can be destroyed at any time") {
  Run step(names + "import time\ndef run(batch): time.sleep(1000)\n");
  step.scan();
  for (int turns : {0, 1, 2, 5, 20}) {
    step.running = std::make_unique<ParallelStep>(step.loop, Clock::real(), step.job, step);
    REQUIRE(step.running->start());
    for (int i = 0; i < turns; ++i) step.loop.turn(std::chrono::milliseconds(20));
    step.running.reset();
    int status = 0;
    CHECK(::waitpid(-1, &status, WNOHANG) == -1);
  }
  CHECK(std::filesystem::is_empty(step.job.scratch));
}

TEST_CASE("a worker that prints more than anybody reads is not blocked") {
  Run step(names + "import sys\ndef run(batch):\n    sys.stdout.write('x' * 3000000)\n    sys.stderr.write('y' * 3000000)\n    return names(batch)\n", 4);
  CHECK(message(step.run()) == "");
  CHECK(step.out.size() == 6000000);
  CHECK(step.err.size() == 6000000);
}

TEST_CASE("a worker that breaks the protocol is a failed worker, not a broken runner") {
  const std::string find = "[int(f) for f in os.listdir('/proc/self/fd') if int(f) > 50]";
  for (const std::string& how : {"[os.write(fd, b'Traceback: garbage') for fd in " + find + "]; time.sleep(1000)",
                                 "[os.write(fd, b'\\xff' * 64) for fd in " + find + "]; time.sleep(1000)",
                                 "[os.close(fd) for fd in " + find + "]; time.sleep(1000)"}) {
    Run step(failing(1, how));
    CHECK(message(step.run()) == "");
    CHECK(step.rows() == step.expected());
    CHECK(step.noticed("try 1 of 3"));
  }
}

TEST_CASE("an exception in shutdown is a notice: the results are written") {
  Run step(good + "def shutdown(): raise RuntimeError('late')\n");
  CHECK(message(step.run()) == "");
  CHECK(step.noticed("shutdown() failed"));
  CHECK(step.rows() == step.expected());
}

TEST_CASE("a forged answer for a mini-batch that the worker was not given is dropped") {
  const std::string forge =
      names + "import struct\ndef run(batch):\n    fd = max(int(f) for f in os.listdir('/proc/self/fd'))\n"
      "    rows = b'forged\\n'\n    body = struct.pack('<QIIIQII', 4, 1, 2, 2, 0, 0, 0) + rows\n"
      "    if 'item100' in names(batch): os.write(1000, struct.pack('<IB', len(body) + 1, 12) + body)\n    return names(batch)\n";
  Run step(forge);
  step.job.workers = 1;
  CHECK(message(step.run()) == "");
  CHECK(step.rows() == step.expected());
}

TEST_CASE("workers see Azure's arguments and environment") {
  Run step("import os, sys\ndef run(batch): return [' '.join(sys.argv[1:]), os.environ['AZUREML_BI_OUTPUT_PATH'], os.environ['OMP_NUM_THREADS'], "
            "os.environ['AZUREML_NODE_COUNT']]\n", 1);
  step.job.arguments = {"--model", "/m"};
  step.job.config.allowed_failed_count = 4;
  step.job.config.process_count_per_node = 2;
  for (const char* entry : {"OMP_NUM_THREADS=1", "OMP_NUM_THREADS=7"}) step.job.environment.push_back(entry);
  CHECK(message(step.run()) == "");
  const auto output = step.job.output.string();
  CHECK(step.rows() == "--client_sdk_version mlpipe-0.1.0 --scoring_module_name score.py --mini_batch_size 2 --error_threshold 0 --output_action "
                       "append_row --logging_level INFO --run_invocation_timeout 60 --run_max_try 3 --create_snapshot_at_runtime True "
                       "--allowed_failed_count 4 --append_row_file_name parallel_run_step.txt --output " + output +
                       " --process_count_per_node 2 --model /m --input_fds_0 images\n" + output + "\n7\n1\n");
}

TEST_CASE("what cannot be planned is an error of start") {
  Run step(good, 0);
  std::filesystem::create_directories(step.folder / "in");
  step.scan();
  ParallelStep empty(step.loop, Clock::real(), step.job, step);
  const auto status = empty.start();
  REQUIRE_FALSE(status);
  CHECK(has(status.error().message, "`images` has no files"));
}

TEST_CASE("sample takes the first items only") {
  Run step(good);
  step.job.sample = 3;
  CHECK(step.run().counts.items == 3);
  CHECK(step.rows() == step.expected(3));
}

TEST_CASE("each worker works in a folder of its own") {
  Run step("import os\ndef run(batch):\n    open('mine', 'x').close()\n    os.remove('mine')\n    return [os.getcwd()] * len(batch)\n");
  CHECK(message(step.run()) == "");
  CHECK(has(step.rows(), (step.job.scratch / "process00").string()));  // whichever of the two took it
}
