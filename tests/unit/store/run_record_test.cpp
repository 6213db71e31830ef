#include "store/run_record.h"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <set>

#include "support/temp_folder.h"
#include "system/blake3.h"
#include "system/process.h"

using namespace mlpipe;
using test::TempFolder;

namespace {

class FixedClock final : public Clock {
 public:
  WallTime wall() const override { return parse_utc("2026-11-23T00:15:30.123Z"); }
  SteadyTime steady() const override { return {}; }
};

Store make_store(const TempFolder& folder) { return Store::open(folder / "store", Store::Access::write).take(); }

RunHeader header() {
  RunHeader header;
  header.pipeline = "digits";
  header.spec = "/projects/digits/pipeline.yaml";
  header.command_line = {"mlpipe", "run", "-p", "name=\xff\xfe"};
  header.overrides = {"-p epochs=3"};
  header.mlpipe_version = "0.1.0";
  return header;
}

RunRecorder begin(const Store& store, const Clock& clock = Clock::real()) { return RunRecorder::begin(store, header(), clock).take(); }

StepRecord record_of(const std::string& step, StepState state) {
  StepRecord record;
  record.step = step;
  record.state = state;
  record.reason = "code file train.py changed";
  record.fingerprint = digest_of(step);
  record.started = parse_utc("2026-11-23T00:15:31.000Z");
  record.took = Seconds(0.5);
  record.outputs = {{"model", digest_of("t"), "model.pt", 1, 9}};
  return record;
}

Path record_file(const Store& store, const std::string& id) { return store.run_path(id) / "record.jsonl"; }

}  // namespace

TEST_CASE("what a run recorded is read back") {
  const TempFolder folder;
  const Store store = make_store(folder);
  RunRecorder recorder = begin(store);
  StepRecord failed = record_of("score", StepState::failed);
  failed.exit_code = 42;
  failed.signal = 9;
  failed.tries = 3;
  failed.error = "6 failed items";
  failed.counts = {10, 1, 100, 6, 94};
  failed.kept = "kept/here";
  failed.findings = {{"parse-args", "it used \"parse_args()\"", "two\nlines"}};
  REQUIRE(recorder.step(record_of("train", StepState::ran)));
  REQUIRE(recorder.step(failed));
  const std::string id = recorder.header().id;
  CHECK(read_run(store, id)->state == RunState::running);
  REQUIRE(recorder.end(RunState::failed, 5, Seconds(2.5)));

  const auto run = read_run(store, id);
  REQUIRE(run);
  CHECK(run->state == RunState::failed);
  CHECK(run->exit_code == 5);
  CHECK(run->took.count() == 2.5);
  CHECK(run->header.id == id);
  CHECK(run->header.spec == "/projects/digits/pipeline.yaml");
  CHECK(run->header.overrides == std::vector<std::string>{"-p epochs=3"});
  CHECK(run->header.command_line.size() == 4);
  CHECK(run->header.pid == ::getpid());
  REQUIRE(run->steps.size() == 2);
  CHECK(run->step("train")->outputs.at(0).file == "model.pt");
  CHECK(run->step("train")->fingerprint == digest_of("train"));
  const StepRecord* score = run->step("score");
  CHECK(score->exit_code == 42);
  CHECK(score->signal == 9);
  CHECK(score->tries == 3);
  CHECK(score->counts.rows == 94);
  CHECK(score->error == "6 failed items");
  CHECK(score->kept == "kept/here");
  REQUIRE(score->findings.size() == 1);
  CHECK(score->findings[0].id == "parse-args");
  CHECK(score->findings[0].cause == "it used \"parse_args()\"");
  CHECK(score->findings[0].hint == "two\nlines");
  CHECK(run->step("other") == nullptr);
}

TEST_CASE("the end of a run removes its work and its marker") {
  const TempFolder folder;
  const Store store = make_store(folder);
  RunRecorder recorder = begin(store);
  std::filesystem::create_directories(recorder.work_folder() / "train/code");
  CHECK(exists(store.root() / "active" / recorder.header().id));
  REQUIRE(recorder.end(RunState::succeeded, 0, Seconds(1)));
  CHECK_FALSE(exists(recorder.work_folder()));
  CHECK(list_folder(store.root() / "active")->empty());
}

TEST_CASE("runs that begin in one millisecond get ids of their own, in order") {
  const TempFolder folder;
  const Store store = make_store(folder);
  std::vector<RunRecorder> recorders;
  for (int i = 0; i < 3; ++i) recorders.push_back(begin(store, FixedClock()));
  CHECK(recorders[0].header().id == "20261123-001530-123");
  CHECK(recorders[2].header().id == "20261123-001530-125");
  recorders.clear();
  CHECK(begin(store, FixedClock()).header().id == "20261123-001530-126");
  CHECK(*list_runs(store) == std::vector<std::string>{"20261123-001530-126", "20261123-001530-125", "20261123-001530-124", "20261123-001530-123"});
}

TEST_CASE("runs of two stores that begin in one millisecond have different tokens") {
  const TempFolder one, two;
  const Store first = make_store(one), second = make_store(two);
  const RunRecorder a = begin(first, FixedClock()), b = begin(second, FixedClock());
  CHECK(a.header().id == b.header().id);
  CHECK(a.token() != b.token());
}

TEST_CASE("a run whose lock is free and that has no end was killed") {
  const TempFolder folder;
  const Store store = make_store(folder);
  std::string id;
  {
    const RunRecorder recorder = begin(store);
    id = recorder.header().id;
  }
  CHECK(read_run(store, id)->state == RunState::killed);
}

TEST_CASE("torn and foreign lines of a record are passed over") {
  const TempFolder folder;
  const Store store = make_store(folder);
  RunRecorder recorder = begin(store);
  REQUIRE(recorder.step(record_of("train", StepState::ran)));
  const Path file = record_file(store, recorder.header().id);
  const std::string whole = test::read(file);
  const std::string next = whole.substr(whole.find('\n') + 1);
  for (std::size_t cut = 0; cut < next.size() - 1; ++cut) {
    std::ofstream(file, std::ios::trunc) << whole << next.substr(0, cut);
    const auto run = read_run(store, recorder.header().id);
    REQUIRE(run);
    CHECK(run->steps.size() == 1);
    CHECK(run->header.pipeline == "digits");
  }
  for (const char* garbage : {"\0\0\0", "[]", "{\"record\":\"step\"}", "{\"record\":\"end\",\"state\":\"what\"}", "{\"record\":7}", "\xff\xfe", "5"}) {
    std::ofstream(file, std::ios::trunc) << garbage << "\n" << whole << garbage << "\n" << next;
    CHECK(read_run(store, recorder.header().id)->steps.size() == 2);
  }
}

TEST_CASE("a run is named by its id, a prefix or latest") {
  const TempFolder folder;
  const Store store = make_store(folder);
  CHECK(resolve_run(store, "latest").error().kind == ErrorKind::usage);
  for (const char* id : {"20261123-001530-123", "20261123-001530-124", "20261124-000000-000"}) {
    std::filesystem::create_directories(store.run_path(id));
  }
  CHECK(*resolve_run(store, "latest") == "20261124-000000-000");
  CHECK(*resolve_run(store, "20261124") == "20261124-000000-000");
  CHECK(*resolve_run(store, "20261123-001530-123") == "20261123-001530-123");
  const auto several = resolve_run(store, "20261123");
  CHECK(several.error().message == "`20261123` could be any of 2 runs");
  CHECK(several.error().hint == "they are: 20261123-001530-124, 20261123-001530-123");
  CHECK(resolve_run(store, "1999").error().message == "no run `1999`");
  CHECK_FALSE(resolve_run(store, ""));
}

TEST_CASE("the latest decision of a step is remembered by spec and step") {
  const TempFolder folder;
  const Store store = make_store(folder);
  RunRecorder recorder = begin(store);
  const Path spec = header().spec;
  CHECK_FALSE(last_step(store, spec, "train"));
  REQUIRE(recorder.step(record_of("train", StepState::ran)));
  REQUIRE(recorder.step(record_of("train", StepState::reused)));
  REQUIRE(recorder.step(record_of("train", StepState::skipped)));
  const auto last = last_step(store, spec, "train");
  REQUIRE(last);
  CHECK(last->run_id == recorder.header().id);
  CHECK(last->fingerprint == digest_of("train"));
  CHECK(last->state == StepState::reused);
  CHECK_FALSE(last_step(store, "/projects/other/pipeline.yaml", "train"));
  CHECK_FALSE(last_step(store, spec, "score"));

  REQUIRE(recorder.step(record_of("../../evil step", StepState::ran)));
  CHECK(last_step(store, spec, "../../evil step"));
  StepRecord failed = record_of("nameless", StepState::failed);
  failed.fingerprint.reset();
  REQUIRE(recorder.step(failed));
  CHECK_FALSE(last_step(store, spec, "nameless"));
}

TEST_CASE("sweeping leaves living and ended runs alone") {
  const TempFolder folder;
  const Store store = make_store(folder);
  CHECK(sweep_dead_runs(store)->empty());
  RunRecorder living = begin(store);
  std::filesystem::create_directories(living.work_folder());
  RunRecorder ended = begin(store);
  REQUIRE(ended.end(RunState::succeeded, 0, Seconds(1)));
  CHECK(sweep_dead_runs(store)->empty());
  CHECK(exists(living.work_folder()));
}

TEST_CASE("sweeping a dead run removes its work and marker and keeps its record and logs") {
  const TempFolder folder;
  const Store store = make_store(folder);
  std::string id;
  {
    const RunRecorder recorder = begin(store);
    id = recorder.header().id;
    std::filesystem::create_directories(recorder.work_folder() / "a/b");
    std::filesystem::create_directories(recorder.logs_folder("train"));
  }
  CHECK(*sweep_dead_runs(store) == std::vector<std::string>{id});
  CHECK_FALSE(exists(store.run_path(id) / "work"));
  CHECK(exists(store.run_path(id) / "steps/train/logs"));
  CHECK(read_run(store, id)->state == RunState::killed);
  CHECK(sweep_dead_runs(store)->empty());
}

TEST_CASE("a run that was killed before its header was whole is swept without trace") {
  const TempFolder folder;
  const Store store = make_store(folder);
  const std::string id = "20261123-001530-123";
  std::filesystem::create_directories(store.root() / "active");
  std::ofstream(store.root() / "active" / id).flush();
  SUBCASE("no folder yet") {}
  SUBCASE("no record yet") { std::filesystem::create_directories(store.run_path(id)); }
  SUBCASE("half a header") { folder.write("store/runs/" + id + "/record.jsonl", "{\"record\":\"ru"); }
  CHECK(*sweep_dead_runs(store) == std::vector<std::string>{id});
  CHECK(list_runs(store)->empty());
  CHECK(begin(store, FixedClock()).header().id == id);
}

TEST_CASE("sweeping kills what a dead run left running, and nothing else") {
  const TempFolder folder;
  const Store store = make_store(folder);
  const auto sleeper = [](const std::string& token) {
    ProcessSpec spec;
    spec.argv = {"/bin/sleep", "1000"};
    spec.environment = {std::string(run_token_variable) + "=" + token};
    return Child::spawn(spec).take();
  };
  RunRecorder living = begin(store);
  Child other = sleeper(living.token());
  std::optional<RunRecorder> dead = begin(store);
  Child left = sleeper(dead->token());
  const std::string id = dead->header().id;
  dead.reset();
  CHECK(*sweep_dead_runs(store) == std::vector<std::string>{id});
  CHECK(left.reap().signal == SIGKILL);
  CHECK(::kill(other.pid(), 0) == 0);
}

TEST_CASE("a recorder killed with -9 at any moment leaves a store that the next run sweeps") {
  const TempFolder folder;
  const Store store = make_store(folder);
  for (int round = 0; round < 40; ++round) {
    const pid_t pid = ::fork();
    if (pid == 0) {
      RunRecorder recorder = begin(store);
      (void)make_dirs(recorder.work_folder() / "x");
      (void)recorder.step(record_of("train", StepState::ran));
      (void)recorder.end(RunState::succeeded, 0, Seconds(1));
      ::_exit(0);
    }
    ::usleep(static_cast<useconds_t>(round * 30));
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    REQUIRE(sweep_dead_runs(store));
    CHECK((!exists(store.root() / "active") || list_folder(store.root() / "active")->empty()));
    const auto runs = list_runs(store);
    for (const std::string& id : *runs) {
      const auto run = read_run(store, id);
      REQUIRE(run);
      CHECK(run->header.pipeline == "digits");
      CHECK_FALSE(exists(store.run_path(id) / "work"));
    }
  }
}

TEST_CASE("several processes sweep at once and each dead run is swept once") {
  const TempFolder folder;
  const Store store = make_store(folder);
  for (int i = 0; i < 20; ++i) begin(store);
  std::vector<pid_t> sweepers;
  for (int i = 0; i < 4; ++i) {
    const pid_t pid = ::fork();
    if (pid == 0) {
      const auto swept = sweep_dead_runs(store);
      ::_exit(swept ? static_cast<int>(swept->size()) : 200);
    }
    sweepers.push_back(pid);
  }
  int total = 0;
  for (const pid_t pid : sweepers) {
    int status = 0;
    ::waitpid(pid, &status, 0);
    total += WEXITSTATUS(status);
  }
  CHECK(total == 20);
  CHECK(list_folder(store.root() / "active")->empty());
}
