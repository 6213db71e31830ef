// The whole command line within this process, with stdout and stderr caught in files.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>

#include "cli/command.h"
#include "store/run_record.h"
#include "support/temp_folder.h"

using namespace mlpipe;
using mlpipe::test::TempFolder;

namespace {

// Puts another file under a descriptor, for as long as it lives.
class Redirected {
 public:
  Redirected(int fd, const Path& file) : fd_(fd), saved_(::dup(fd)) {
    const Fd opened(::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    ::dup2(opened.get(), fd);
  }
  ~Redirected() { ::dup2(saved_.get(), fd_); }

 private:
  int fd_;
  Fd saved_;
};

struct Said {
  int code = 0;
  std::string out, err;
};

Said mlpipe_says(std::vector<const char*> words, const Path& out_file = {}) {
  TempFolder folder;
  words.insert(words.begin(), "mlpipe");
  Said said;
  {
    const Redirected out(1, out_file.empty() ? folder / "out" : out_file), err(2, folder / "err");
    said.code = cli::main(static_cast<int>(words.size()), words.data());
  }
  if (out_file.empty()) said.out = test::read(folder / "out");
  said.err = test::read(folder / "err");
  return said;
}

// A store with one run of /p.yaml: prepare ran, train failed.
struct Recorded {
  TempFolder folder;
  std::string store = (folder / "store").string();
  std::string run;
  Path output;

  Recorded() {
    auto opened = Store::open(store, Store::Access::write);
    REQUIRE(opened);
    RunHeader header;
    header.pipeline = "digits";
    header.spec = "/p.yaml";
    header.command_line = {"mlpipe", "run", "a b.yaml"};
    auto recorder = RunRecorder::begin(*opened, header, Clock::real());
    REQUIRE(recorder);
    run = recorder->header().id;
    StepRecord prepare;
    prepare.step = "prepare";
    prepare.reason = "no earlier result";
    prepare.took = Seconds(1.5);
    prepare.outputs = {{"digits", Digest{}, "", 3, 2048}};
    output = opened->output_path(prepare.outputs[0]);
    std::filesystem::create_directories(output);
    REQUIRE(recorder->step(prepare));
    StepRecord train;
    train.step = "train";
    train.state = StepState::failed;
    train.exit_code = 3;
    train.error = "exit code 3";
    REQUIRE(recorder->step(train));
    folder.write(Path("store/runs") / run / "steps/prepare/logs/user_logs/std_log.txt", "hello\xff\n");
    folder.write(Path("store/runs") / run / "steps/train/logs/user/stdout/0/process000.stdout.txt", "printed\n");
    folder.write(Path("store/runs") / run / "steps/train/logs/user/stderr/0/process000.stderr.txt", "");
    folder.write(Path("store/runs") / run / "steps/train/logs/job_result.txt", "failed\n");
    folder.write(Path("store/runs") / run / "steps/train/logs/sys/master_role.txt", "ours\n");
    REQUIRE(recorder->end(RunState::failed, 1, Seconds(2)));
  }
  Said say(std::vector<const char*> words) {
    words.push_back("--store");
    words.push_back(store.c_str());
    return mlpipe_says(words);
  }
};

}  // namespace

TEST_CASE("--version and --help are data") {
  const Said version = mlpipe_says({"--version"});
  CHECK(version.code == 0);
  CHECK(version.out.starts_with("mlpipe 0."));
  CHECK(version.err == "");
  const Said help = mlpipe_says({"--help"});
  CHECK(help.code == 0);
  for (const auto& command : cli::commands()) CHECK((help.out.find("  " + command.name + " ") != std::string::npos) == !command.hidden);
  CHECK(mlpipe_says({"help", "run"}).out == mlpipe_says({"run", "--help"}).out);
  for (const auto& command : cli::commands()) CHECK(mlpipe_says({command.name.c_str(), "-h"}).code == 0);
}

TEST_CASE("wrong usage exits with 2 and says what to do, on stderr") {
  const Said nothing = mlpipe_says({});
  CHECK(nothing.code == 2);
  CHECK(nothing.out == "");
  const Said unknown = mlpipe_says({"rnu"});
  CHECK(unknown.code == 2);
  CHECK(unknown.err == "mlpipe: error: unknown command `rnu`\nhint: did you mean `run`?\n");
  const Said option = mlpipe_says({"run", "--setp", "a"});
  CHECK(option.code == 2);
  CHECK(option.err == "mlpipe: error: unknown option `--setp`\nhint: did you mean `--step`?\n");
  CHECK(option.out == "");
}

TEST_CASE("a full disk behind stdout is said, not swallowed") {
  const Said full = mlpipe_says({"--version"}, "/dev/full");
  CHECK(full.code == 9);
  CHECK(full.err.find("standard output") != std::string::npos);
}

TEST_CASE("runs and show tell what is recorded") {
  Recorded recorded;
  const Said runs = recorded.say({"runs"});
  CHECK(runs.code == 0);
  CHECK(runs.err == "");
  CHECK(runs.out.starts_with("RUN "));
  CHECK(runs.out.find(recorded.run) != std::string::npos);
  CHECK(runs.out.find("1 ran, 1 failed") != std::string::npos);
  const Said show = recorded.say({"show", recorded.run.substr(0, 10).c_str()});
  CHECK(show.out.find("prepare  done in 1.50 s\n    because: no earlier result\n") != std::string::npos);
  CHECK(show.out.find("train  failed: exit code 3\n") != std::string::npos);
  CHECK(show.out.find("mlpipe run 'a b.yaml'") != std::string::npos);
  const Said none = recorded.say({"show", "1999"});
  CHECK(none.code == 2);
  CHECK(none.out == "");
}

TEST_CASE("output prints the path and nothing else") {
  Recorded recorded;
  const Said said = recorded.say({"output", "prepare.digits"});
  CHECK(said.out == recorded.output.string() + "\n");
  CHECK(said.err == "");
  CHECK(recorded.say({"output", "prepare.digit"}).err.find("did you mean `digits`?") != std::string::npos);
  CHECK(recorded.say({"output", "prepar.digits"}).err.find("did you mean `prepare`?") != std::string::npos);
  CHECK(recorded.say({"output", "train.model"}).err.find("has never succeeded") != std::string::npos);
  for (const char* wrong : {"prepare", ".x", "x.", "prepare.digit", "prepar.digits", "train.model"}) {
    const Said error = recorded.say({"output", wrong});
    CHECK(error.code == 2);
    CHECK(error.out == "");
  }
  std::filesystem::remove_all(recorded.output);
  const Said gone = recorded.say({"output", "prepare.digits"});
  CHECK(gone.code == 9);
  CHECK(gone.out == "");
}

TEST_CASE("logs prints a command step's log as it is, a parallel step's files in the order of interest") {
  Recorded recorded;
  CHECK(recorded.say({"logs", "prepare"}).out == "hello\xff\n");
  CHECK(recorded.say({"logs", "train"}).out == "==> job_result.txt <==\nfailed\n\n==> user/stdout/0/process000.stdout.txt <==\nprinted\n");
  const Said unknown = recorded.say({"logs", "trai"});
  CHECK(unknown.code == 2);
  CHECK(unknown.err.find("did you mean `train`?") != std::string::npos);
  CHECK(recorded.say({"logs", "../../.."}).code == 2);
}

TEST_CASE("an empty store is no mistake for runs, but there is no latest run") {
  TempFolder folder;
  const std::string store = (folder / "store").string();
  const Said runs = mlpipe_says({"runs", "--store", store.c_str()});
  CHECK(runs.code == 0);
  CHECK(runs.out == "");
  CHECK(mlpipe_says({"show", "--store", store.c_str()}).code == 2);
  CHECK(mlpipe_says({"runs", "--json", "--store", store.c_str()}).out == "{\"schema\":1,\"kind\":\"runs\",\"runs\":[]}\n");
  CHECK_FALSE(std::filesystem::exists(store));
}

TEST_CASE("validate: mistakes on stderr and 3, else a word and 0") {
  TempFolder folder;
  const std::string good = folder.write("good.yaml", "steps:\n  a:\n    command: 'true'\n").string();
  const Said fine = mlpipe_says({"validate", good.c_str()});
  CHECK(fine.code == 0);
  CHECK(fine.out == "");
  CHECK(fine.err.find("1 step, no mistakes\n") != std::string::npos);
  const std::string bad = folder.write("bad.yaml", "steps:\n  a:\n    comand: 'true'\n").string();
  const Said wrong = mlpipe_says({"validate", bad.c_str()});
  CHECK(wrong.code == 3);
  CHECK(wrong.out == "");
  CHECK(wrong.err.find("error") != std::string::npos);
  const Said json = mlpipe_says({"validate", "--json", "-f", bad.c_str()});
  CHECK(json.code == 3);
  CHECK(json.out.starts_with("{\"schema\":1,\"kind\":\"diagnostics\",\"diagnostics\":[{"));
  CHECK(json.err == "");
  CHECK(mlpipe_says({"run", bad.c_str()}).code == 3);
  CHECK(mlpipe_says({"plan", bad.c_str()}).code == 3);
}

TEST_CASE("doctor always answers") {
  const Said said = mlpipe_says({"doctor", "--json"});
  CHECK(said.code == 0);
  CHECK(said.out.starts_with("{\"schema\":1,\"kind\":\"facts\",\"facts\":[{"));
  CHECK(said.out.find("\"cores\"") != std::string::npos);
}
