#include <doctest/doctest.h>

#include "run/mapping_file.h"
#include "support/temp_folder.h"

using namespace mlpipe;

namespace {

std::string with(const std::string& text, const std::string& name = "a/conda.yaml", const std::string& python = ".venv") {
  auto changed = with_python(text, name, python, "mlpipe.local.yaml");
  return changed ? changed.take() : "error: " + changed.error().message;
}

}  // namespace

TEST_CASE("an environment is added to a mapping file, whose other content stays as it is") {
  CHECK(with("") == "environments:\n  a/conda.yaml: {python: .venv}\n");
  CHECK(with("# mine\ndata: {x: y}") == "# mine\ndata: {x: y}\nenvironments:\n  a/conda.yaml: {python: .venv}\n");
  CHECK(with("environments:\n    b: {python: x}  # b\ndata:\n") == "environments:\n    a/conda.yaml: {python: .venv}\n    b: {python: x}  # b\ndata:\n");
  CHECK(with("environments:   # none yet\n") == "environments:   # none yet\n  a/conda.yaml: {python: .venv}\n");
}

TEST_CASE("an environment that is there gets the new Python in place of the old") {
  const std::string before = "environments:\n  a/conda.yaml:\n    # why\n    python: \"old\"   # c\n    x: 1\n";
  CHECK(with(before) == "environments:\n  a/conda.yaml:\n    # why\n    python: .venv   # c\n    x: 1\n");
  CHECK(with(with(before)) == with(before));
  CHECK(with("environments: {a/conda.yaml: {python: old}}\n") == "environments: {a/conda.yaml: {python: .venv}}\n");
  CHECK(with("environments:\n  a/conda.yaml: old\n") == "environments:\n  a/conda.yaml: .venv\n");
}

TEST_CASE("names that YAML would read otherwise are quoted") { CHECK(with("", "a b: c", "it's") == "environments:\n  'a b: c': {python: 'it''s'}\n"); }

TEST_CASE("a mapping file that cannot be added to is left alone") {
  CHECK(with("environments: {b: {python: x}}\n").starts_with("error: mlpipe.local.yaml:1:1: "));
  CHECK(with("environments: [").starts_with("error: mlpipe.local.yaml:1:"));
}

TEST_CASE("the pythons of a mapping file") {
  const test::TempFolder folder;
  CHECK(mapped_pythons(folder / "mlpipe.local.yaml")->empty());
  folder.write("mlpipe.local.yaml", "environments:\n  a: {python: x}\n  b: y\n  c: {}\n");
  CHECK(*mapped_pythons(folder / "mlpipe.local.yaml") == std::map<std::string, std::string>{{"a", "x"}, {"b", "y"}});
}
