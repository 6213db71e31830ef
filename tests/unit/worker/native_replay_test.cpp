// One mini-batch by the native worker's code, with a module that is no LibTorch.
#include "worker/native_replay.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include "support/temp_folder.h"
#include "worker/protocol.h"

using namespace mlpipe;
using mlpipe::test::TempFolder;

namespace {

constexpr const char* fake_module = MLPIPE_BINARY_DIR "/tests/fake_scoring_module.so";

struct Said {
  int code = 0;
  std::string out, err;
};

// With 1 and 2 in files meanwhile.
Said replayed(const std::string& model, const std::vector<std::string>& items, const std::string& action = "append_row",
              const std::string& module = fake_module) {
  const TempFolder folder;
  const Path configuration = folder.write("scoring.json", model), frames = folder / "frames";
  REQUIRE(write_file(frames, wire::encode(wire::ToWorker(wire::Init{{{"output_action", action}}})) +
                                 wire::encode(wire::ToWorker(wire::MiniBatch{7, 1, items})) + wire::encode(wire::ToWorker(wire::Stop{}))));
  const int out = ::dup(1), err = ::dup(2);
  for (const int fd : {1, 2}) ::dup2(Fd(::open((folder / std::to_string(fd)).c_str(), O_WRONLY | O_CREAT, 0600)).get(), fd);
  Said said;
  said.code = native_replay_main(module, configuration, frames);
  for (const auto& [saved, fd] : {std::pair(out, 1), std::pair(err, 2)}) {
    ::dup2(saved, fd);
    ::close(saved);
  }
  said.out = test::read(folder / "1");
  said.err = test::read(folder / "2");
  return said;
}

}  // namespace

TEST_CASE("rows alone go to stdout, in the order of the items") {
  const Said said = replayed("model.pt", {"/d/a", "/d/speak", "/d/bad", "/d/b"});
  CHECK(said.code == 0);
  CHECK(said.out == "a\nspeak\nb\n");
  CHECK(said.err.find("spoken\n") != std::string::npos);
  CHECK(said.err.find("/d/bad: no image\n") != std::string::npos);
  CHECK(said.err.find("4 items, 1 failed, in ") != std::string::npos);
  CHECK(replayed("model.pt", {"/d/a"}, "summary_only").out == "");
}

TEST_CASE("a mini-batch that fails, a model that cannot be read and a module that is none are told, with exit code 1") {
  const Said threw = replayed("failing.pt", {"/d/a"});
  CHECK(threw.code == 1);
  CHECK(threw.out == "");
  CHECK(threw.err.find("the model threw\nat line 2") != std::string::npos);
  const Said unreadable = replayed("unreadable.pt", {"/d/a"});
  CHECK(unreadable.code == 1);
  CHECK(unreadable.err.find("unreadable.pt is no model") != std::string::npos);
  CHECK(replayed("model.pt", {"/d/a"}, "append_row", "/nowhere/module.so").code == 1);
}
