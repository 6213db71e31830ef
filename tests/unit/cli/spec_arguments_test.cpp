#include "cli/spec_arguments.h"

#include <doctest/doctest.h>
#include <stdlib.h>

#include <filesystem>

#include "support/temp_folder.h"

using namespace mlpipe;
using namespace mlpipe::cli;
using mlpipe::test::TempFolder;

namespace {

// The working directory, for as long as it lives.
class Inside {
 public:
  explicit Inside(const Path& folder) : before_(std::filesystem::current_path()) { std::filesystem::current_path(folder); }
  ~Inside() { std::filesystem::current_path(before_); }

 private:
  Path before_;
};

}  // namespace

TEST_CASE("the spec is pipeline.yaml here, then pipeline.yml") {
  TempFolder folder;
  Inside inside(folder.path());
  CHECK_FALSE(Place().spec());
  folder.write("pipeline.yml", "");
  CHECK(*Place().spec() == "pipeline.yml");
  folder.write("pipeline.yaml", "");
  CHECK(*Place().spec() == "pipeline.yaml");
}

TEST_CASE("without a spec the hint names the YAML files that are here") {
  TempFolder folder;
  Inside inside(folder.path());
  folder.write("digits.yaml", "");
  const auto spec = Place().spec();
  REQUIRE_FALSE(spec);
  CHECK(spec.error().kind == ErrorKind::usage);
  CHECK(spec.error().message == "no pipeline.yaml here");
  CHECK(spec.error().hint == "name one with -f: digits.yaml");
}

TEST_CASE("a named spec is kept as typed, a folder stands for the spec in it") {
  TempFolder folder;
  Inside inside(folder.path());
  folder.write("samples/pipeline.yml", "");
  CHECK(*Place{.positional = "not/there.yaml"}.spec() == "not/there.yaml");
  CHECK(*Place{.file = "samples"}.spec() == "samples/pipeline.yml");
  const auto two = Place{.positional = "a", .file = "b"}.spec();
  REQUIRE_FALSE(two);
  CHECK(two.error().kind == ErrorKind::usage);
}

TEST_CASE("the store: option, then variable, then beside the spec") {
  TempFolder folder;
  Inside inside(folder.path());
  ::unsetenv("MLPIPE_STORE");
  CHECK_FALSE(Place().store_root());
  folder.write("sub/p.yaml", "");
  CHECK(*Place{.file = "sub/p.yaml"}.store_root() == std::filesystem::current_path() / "sub/.mlpipe");
  ::setenv("MLPIPE_STORE", "/elsewhere", 1);
  CHECK(*Place{.file = "sub/p.yaml"}.store_root() == "/elsewhere");
  CHECK(*Place{.store_option = "mine"}.store_root() == std::filesystem::current_path() / "mine");
  ::setenv("MLPIPE_STORE", "", 1);
  CHECK(*Place{.file = "sub/p.yaml"}.store_root() == std::filesystem::current_path() / "sub/.mlpipe");
  ::unsetenv("MLPIPE_STORE");
}

TEST_CASE("records outlive their spec: a store that is here is found without one") {
  TempFolder folder;
  Inside inside(folder.path());
  std::filesystem::create_directory(".mlpipe");
  CHECK(*Place().store_root() == std::filesystem::current_path() / ".mlpipe");
}

TEST_CASE("the verdict counts mistakes") {
  spec::Loaded loaded;
  loaded.pipeline.emplace();
  loaded.pipeline->steps.resize(2);
  CHECK(verdict("p.yaml", loaded) == "p.yaml: 2 steps, no mistakes");
  loaded.diagnostics.warning({"p.yaml", 1, 1}, "w");
  CHECK(verdict("p.yaml", loaded) == "p.yaml: 2 steps, no mistakes, 1 warning");
  loaded.diagnostics.error({"p.yaml", 1, 1}, "e");
  loaded.diagnostics.error({"p.yaml", 2, 1}, "e");
  CHECK(verdict("p.yaml", loaded) == "p.yaml: 2 errors, 1 warning");
}
