// The built mlpipe_torch.so through its C interface, against what Python's PyTorch computes.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>

#include "scored.h"
#include "support/venv_python.h"

using namespace mlpipe;
using namespace mlpipe::test;

namespace {

std::size_t thread_count() {
  const std::filesystem::directory_iterator tasks("/proc/self/task");
  return static_cast<std::size_t>(std::distance(begin(tasks), end(tasks)));
}

// Made once: importing torch takes seconds.
const std::filesystem::path& reference() {
  static const test::TempFolder folder;
  static const bool made = [] {
    const std::string python = test::python_with("torch", MLPIPE_TORCH_PYTHON);
    return !python.empty() && test::run_python(python, MLPIPE_SOURCE_DIR "/tests/unit/scoring/torch/torch_reference.py", folder.path());
  }();
  static const std::filesystem::path none;
  return made ? folder.path() : none;
}

bool have(const char* file) {
  const bool found = !reference().empty() && std::filesystem::exists(reference() / file);
  if (!found) MESSAGE("skipped: no Python with torch, numpy and Pillow");
  return found;
}

#define NEED(file) \
  if (!have(file)) return

ScoringConfiguration for_images(const char* model) {
  ScoringConfiguration configuration{(reference() / model).string(), {}, {}};
  configuration.scoring.image = {{24, 30}, {}, "RGB", {0.485, 0.456, 0.406}, {0.229, 0.224, 0.225}, ImageLayout::chw, false};
  configuration.scoring.output.value = "{name} {values}";
  return configuration;
}

ScoringConfiguration for_arrays(const char* model) {
  ScoringConfiguration configuration{(reference() / model).string(), {}, {}};
  configuration.scoring.input = ScoringInput::array;
  configuration.scoring.output.value = "{name} {values}";
  return configuration;
}

std::vector<std::string> image_paths() {
  std::vector<std::string> paths;
  for (const auto& line : lines_of(reference() / "images")) paths.push_back((reference() / line.substr(0, line.find(' '))).string());
  return paths;
}

}  // namespace

TEST_CASE("the module names its libraries and their versions") {
  const std::string version = module().version;
  CHECK(version.starts_with("LibTorch "));
  CHECK(version.find(", libjpeg") != std::string::npos);
  CHECK(version.find(", libpng 1.") != std::string::npos);
}

TEST_CASE("images: every value is the one that Python computes, bit for bit") {
  NEED("images");
  for (const char* model : {"scripted.pt", "traced.pt"}) {
    CAPTURE(model);
    const Opened opened(for_images(model));
    REQUIRE_MESSAGE(opened.scorer, opened.error);
    for (int time = 0; time < 3; ++time) CHECK(score(opened.scorer, image_paths()).all() == lines_of(reference() / "images"));
  }
}

TEST_CASE("rows do not depend on how items are cut into mini-batches") {
  NEED("images");
  const Opened opened(for_images("scripted.pt"));
  REQUIRE(opened.scorer);
  std::vector<std::string> one_by_one;
  for (const auto& path : image_paths()) one_by_one.push_back(score(opened.scorer, {path}).all().at(0));
  CHECK(one_by_one == lines_of(reference() / "images"));
}

TEST_CASE("arrays: one row of output a row of the array, in batches across files") {
  NEED("arrays");
  const Opened opened(for_arrays("mlp.pt"));
  REQUIRE_MESSAGE(opened.scorer, opened.error);
  const auto scored = score(opened.scorer, {reference() / "0.npy", reference() / "1.npy", reference() / "2.npy"});
  CHECK(scored.code == 0);
  CHECK(scored.rows[1].size() == 19);
  CHECK(scored.all() == lines_of(reference() / "arrays"));
}

TEST_CASE("a bad file is a failed item with its reason, the others are scored") {
  NEED("images");
  const test::TempFolder folder;
  const Opened opened(for_images("scripted.pt"));
  const auto good = image_paths().at(0);
  const std::string cut = folder.write("cut.jpg", test::read(image_paths().at(1)).substr(0, 900));
  const auto scored = score(opened.scorer, {folder.write("text.png", "hello"), good, cut, folder / "missing.png", folder.path()});
  CHECK(scored.code == 0);
  CHECK(scored.rows[1] == std::vector<std::string>{lines_of(reference() / "images").at(0)});
  CHECK(scored.failed[0].find("image") != std::string::npos);
  CHECK(scored.failed[1].empty());
  CHECK(scored.failed[2] == "damaged JPEG: the file is truncated");
  CHECK(scored.failed[3].find("is not a file") != std::string::npos);
  CHECK(scored.failed[4].find("is not a file") != std::string::npos);
}

TEST_CASE("a tuple gives its first tensor, integers become floats") {
  NEED("arrays");
  const Opened opened(for_arrays("Tuple.pt"));
  const auto scored = score(opened.scorer, {reference() / "2.npy"});
  REQUIRE(scored.code == 0);
  REQUIRE(scored.rows[0].size() == 1);
  CHECK(scored.rows[0][0].ends_with(".0"));
}

TEST_CASE("what a model throws fails the mini-batch, without LibTorch's backtrace") {
  NEED("arrays");
  const test::TempFolder folder;
  auto configuration = for_images("Throws.pt");
  configuration.scoring.image = {{}, {}, "L", {-1e9}, {}, ImageLayout::chw, false};
  if (!std::filesystem::exists(reference() / "images")) return;
  const Opened opened(configuration);
  const auto scored = score(opened.scorer, {image_paths().at(0)});
  CHECK(scored.code != 0);
  const std::string first_line = scored.error.substr(0, scored.error.find('\n'));
  CAPTURE(scored.error);
  CHECK(first_line.find("too large for me") != std::string::npos);
  CHECK(first_line.find("(the input had shape [8, 1, ") != std::string::npos);
  CHECK(scored.error.find("Exception raised from") == std::string::npos);
  CHECK(score(opened.scorer, {folder / "missing"}).code == 0);  // and the scorer lives on
}

TEST_CASE("an output that is no batch of rows is named") {
  NEED("arrays");
  const Opened wrong(for_arrays("WrongBatch.pt")), text(for_arrays("Text.pt"));
  CHECK(score(wrong.scorer, {reference() / "0.npy"}).error.starts_with("the model returned shape [6] for a batch of 8: the first dimension must be the batch"));
  CHECK(score(text.scorer, {reference() / "0.npy"}).error.starts_with("the model returned String where a tensor"));
}

TEST_CASE("inputs that do not fit the model fail the mini-batch") {
  NEED("images");
  const Opened opened(for_images("mlp.pt"));
  const auto scored = score(opened.scorer, {image_paths().at(0)});
  CHECK(scored.code != 0);
  const std::string first_line = scored.error.substr(0, scored.error.find('\n'));
  CHECK(first_line.find("mat1 and mat2 shapes cannot be multiplied") != std::string::npos);
  CHECK(first_line.find("(the input had shape [8, 3, 24, 30])") != std::string::npos);
}

TEST_CASE("opening says what is wrong with a model or its configuration") {
  const test::TempFolder folder;
  const auto error = [&](auto change) {
    ScoringConfiguration configuration{folder.write("m.pt", "hello"), {}, {}};
    change(configuration);
    const Opened opened(configuration);
    CHECK_FALSE(opened.scorer);
    return opened.error;
  };
  CHECK(error([](auto&) {}).find("is no model that LibTorch can open") != std::string::npos);
  CHECK(error([&](auto& c) { c.model = folder / "missing.pt"; }).find("does not exist") != std::string::npos);
  CHECK(error([](auto& c) { c.scoring.input = ScoringInput::table; }).find("scoring.columns is missing") != std::string::npos);
  CHECK(error([](auto& c) { c.scoring.output.value = "{nonsense}"; }).find("nonsense") != std::string::npos);
  CHECK(error([](auto& c) { c.scoring.image.mode = "CMYK"; }).find("CMYK") != std::string::npos);
  char* text = nullptr;
  CHECK(module().open("no json", &text) == nullptr);
  CHECK(std::string(text).starts_with("malformed scoring configuration"));
  module().free_text(text);
}

TEST_CASE("a damaged TorchScript file is an error, a state dict is explained") {
  NEED("scripted.pt");
  const test::TempFolder folder;
  const Opened state(for_images("state_dict.pt"));
  CHECK(state.error.find("holds a state dict") != std::string::npos);
  CHECK(state.error.find("hint: save TorchScript") != std::string::npos);
  std::string bytes = test::read(reference() / "scripted.pt");
  const auto code = bytes.find("def forward");
  REQUIRE(code == std::string::npos);  // entries are compressed: damage them where they lie
  for (std::size_t at = 200; at < 1200; ++at) bytes[at] = 'x';
  ScoringConfiguration configuration{folder.write("damaged.pt", bytes), {}, {}};
  const Opened damaged(configuration);
  CHECK_FALSE(damaged.scorer);
  CHECK(damaged.error.find("Exception raised from") == std::string::npos);
}

TEST_CASE("loading and scoring start no thread") {
  NEED("images");
  const auto before = thread_count();
  const Opened opened(for_images("scripted.pt"));
  CHECK(thread_count() == before);
  CHECK(score(opened.scorer, image_paths()).code == 0);
  CHECK(thread_count() == before);
}
