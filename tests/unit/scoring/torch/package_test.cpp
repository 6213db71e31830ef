// Packages of AOTInductor in the built mlpipe_torch.so, against what Python's PyTorch makes of them.
#include <doctest/doctest.h>

#include <cstdlib>

#include "scored.h"
#include "scoring/model_facts.h"
#include "scoring/package/unpack.h"
#include "support/venv_python.h"

using namespace mlpipe;
using namespace mlpipe::test;

namespace {

// Made once a build folder.
const std::filesystem::path& packages() {
  static const std::filesystem::path folder = MLPIPE_BINARY_DIR "/tests/packages";
  static const bool made = [] {
    ::setenv("AOTI_RUNTIME_CHECK_INPUTS", "1", 1);  // as the scoring server
    const std::string python = python_with("torch", MLPIPE_TORCH_PYTHON);
    return !python.empty() && run_python(python, MLPIPE_SOURCE_DIR "/tests/unit/scoring/torch/package_reference.py", folder) &&
           std::filesystem::exists(folder / "made");
  }();
  static const std::filesystem::path none;
  if (!made) MESSAGE("skipped: no Python with torch and numpy, or no g++");
  return made ? folder : none;
}

#define NEED_PACKAGES \
  if (packages().empty()) return

struct Unpacked {
  TempFolder folder;
  ScoringConfiguration configuration;

  explicit Unpacked(const std::string& name) {
    REQUIRE(unpack_package(packages() / (name + ".pt2"), folder / "model"));
    configuration.model = folder / "model";
    configuration.scoring.input = ScoringInput::array;
    configuration.scoring.output.value = "{name} {values}";
  }
  void feed_columns(std::size_t count) {
    configuration.scoring.input = ScoringInput::table;
    configuration.scoring.inputs = {{"", ValueType::float32, std::vector<std::string>(count, "x")}};
  }
  std::string error() const { return Opened(configuration).error; }
  bool compared() const { return was_compared(folder.path() / "model"); }
};

ModelFacts facts_of(const Opened& opened) {
  REQUIRE_MESSAGE(opened.scorer, opened.error);
  const auto facts = model_facts_from_json(module().facts(opened.scorer));
  REQUIRE(facts);
  return *facts;
}

}  // namespace

TEST_CASE("packages: every value is the one that Python computes, bit for bit") {
  NEED_PACKAGES;
  for (const char* name : {"dynamic", "static"}) {
    CAPTURE(name);
    const Unpacked package(name);
    const Opened opened(package.configuration);
    REQUIRE_MESSAGE(opened.scorer, opened.error);
    CHECK(score(opened.scorer, {packages() / "rows.npy"}).all() == lines_of(packages() / name));
  }
}

TEST_CASE("packages: the batch is one that the package takes, and that is noted") {
  NEED_PACKAGES;
  const Unpacked dynamic("dynamic");
  Unpacked fixed("static"), table("dynamic");
  const ModelFacts usual = facts_of(Opened(dynamic.configuration)), padded = facts_of(Opened(fixed.configuration));
  CHECK(usual.format == "AOTInductor package");
  CHECK(usual.batch_size == 8);
  CHECK(usual.smallest_batch == 2);
  CHECK(usual.largest_batch == 512);
  CHECK(usual.notes.empty());
  CHECK(padded.batch_size == 4);
  CHECK(padded.notes == std::vector<std::string>{"the package takes batches of 4 rows: batch_size is 4"});
  table.feed_columns(6);
  CHECK(facts_of(Opened(table.configuration)).batch_size == 512);  // for 1024
  table.configuration.scoring.numerics = fixed.configuration.scoring.numerics = Numerics::fast;
  CHECK(facts_of(Opened(table.configuration)).measured);
  fixed.feed_columns(6);
  CHECK(facts_of(Opened(fixed.configuration)).batch_size == 4);
}

TEST_CASE("packages: a batch or a row that the package does not take is an error that names the right one") {
  NEED_PACKAGES;
  Unpacked package("static");
  package.configuration.scoring.batch_size = 8;
  CHECK(package.error().starts_with("the package takes batches of 4 rows, and batch_size is 8"));
  package.configuration.scoring.batch_size = 4;
  CHECK(package.error().empty());
  package.feed_columns(5);
  CHECK(package.error().starts_with("input 1 of the package takes rows of shape [6], and scoring gives [5]"));
}

TEST_CASE("packages: rows are compared at two batch sizes, once a machine") {
  NEED_PACKAGES;
  Unpacked good("dynamic"), bad("centred");
  CHECK(facts_of(Opened(good.configuration)).batch_size == 8);
  CHECK_FALSE(good.compared());  // the shape of an array is not known before
  good.feed_columns(6);
  bad.feed_columns(6);
  CHECK(good.error().empty());
  CHECK(good.compared());
  CHECK(bad.error().starts_with("the package gives other rows in batches of 512 than in batches of 256"));
  CHECK_FALSE(bad.compared());
}

TEST_CASE("packages: without its machine code or its folder a package is an error") {
  NEED_PACKAGES;
  const Unpacked package("dynamic");
  for (const auto& entry : std::filesystem::recursive_directory_iterator(package.configuration.model))
    if (entry.path().extension() == ".so") std::filesystem::resize_file(entry.path(), 100);
  CHECK(package.error().find("Exception raised from") == std::string::npos);
  CHECK_FALSE(package.error().empty());
  std::filesystem::remove_all(package.configuration.model);
  CHECK(package.error().find("does not exist") != std::string::npos);
}
