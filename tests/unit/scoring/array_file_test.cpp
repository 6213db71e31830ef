#include <doctest/doctest.h>

#include <cstdlib>
#include <cstring>

#include "scoring/array/array_file.h"
#include "support/temp_folder.h"
#include "support/venv_python.h"

using namespace mlpipe;

namespace {

// Archives as numpy writes them.
struct Archives {
  test::TempFolder folder;
  bool made = false;

  Archives() {
    const std::string python = test::python_with("numpy");
    if (python.empty()) return;
    const auto script = folder.write("make.py", R"(
import sys, numpy as n
to = sys.argv[1] + '/'
arrays = dict(x=n.arange(12, dtype='float64').reshape(4, 3) / 3, ids=n.array([1 << 62, -1, 7, 9007199254740993]), flags=n.array([True, False, True, True]))
n.savez(to + 'stored.npz', **arrays)
n.savez_compressed(to + 'packed.npz', **arrays)
n.savez(to + 'uneven.npz', x=n.zeros((2, 2)), ids=n.zeros(3, 'int64'))
n.savez(to + 'one.npz', n.ones((2, 2), 'float32'))
n.savez(to + 'big.npz', ids=n.array([1 << 63], 'uint64'))
n.save(to + 'ids.npy', arrays['ids'])
n.savez_compressed(to + 'long.npz', x=n.arange(300000, dtype='float32').reshape(-1, 2))
)");
    made = test::run_python(python, script.string(), folder.path());
  }

  Result<ArrayFile> open(const char* name, const std::vector<ModelInput>& inputs) const { return ArrayFile::open(folder / name, inputs); }
  std::string error(const char* name, const std::vector<ModelInput>& inputs) const {
    const auto file = open(name, inputs);
    return file ? "" : file.error().message + "; " + file.error().hint;
  }
};

const Archives& archives() {
  static const Archives all;
  if (!all.made) MESSAGE("skipped: .venv has no numpy");
  return all;
}

ModelInput named(const char* name, ValueType type) { return {name, type, {name}}; }

}  // namespace

TEST_CASE("arrays of an archive by their names, packed or not") {
  if (!archives().made) return;
  for (const char* name : {"stored.npz", "packed.npz"}) {
    auto file = archives().open(name, {named("ids", ValueType::int64), named("x", ValueType::float32), named("flags", ValueType::int64)});
    REQUIRE(file);
    REQUIRE(file->rows() == 4);
    CHECK(file->row()[1].shape == std::vector<std::int64_t>{3});
    std::int64_t id = 0, flag = 5;
    float x[3];
    REQUIRE(file->read_row(3, {&id, x, &flag}));
    CHECK(id == 9007199254740993);  // more than a double holds
    CHECK(x[2] == static_cast<float>(11.0 / 3));
    CHECK(flag == 1);
    REQUIRE(file->read_row(0, {&id, x, &flag}));
    CHECK(id == std::int64_t{1} << 62);
  }
}

TEST_CASE("one array needs no name") {
  if (!archives().made) return;
  auto one = archives().open("one.npz", {});
  REQUIRE(one);
  float values[2] = {};
  REQUIRE(one->read_row(1, {values}));
  CHECK(values[1] == 1.0f);
  auto ids = archives().open("ids.npy", {{"", ValueType::int64, {}}});
  REQUIRE(ids);
  std::int64_t id = 0;
  REQUIRE(ids->read_row(1, {&id}));
  CHECK(id == -1);
}

TEST_CASE("archives that do not fit the model's inputs say why") {
  if (!archives().made) return;
  CHECK(archives().error("stored.npz", {}) == "the file has several arrays: x, ids, flags; name those that the model takes in scoring.inputs");
  CHECK(archives().error("stored.npz", {named("idz", ValueType::int64)}) == "array `idz`: it is not in the file; did you mean `ids`?");
  CHECK(archives().error("stored.npz", {named("x", ValueType::int64)}).starts_with("array `x`: its numbers are not whole ones"));
  CHECK(archives().error("uneven.npz", {named("x", ValueType::float32), named("ids", ValueType::int64)}).starts_with("array `ids`: it has 3 rows, and `x` has 2"));
  CHECK(archives().error("ids.npy", {named("x", ValueType::float32), named("y", ValueType::float32)}).starts_with("the model takes 2 arrays, and the file has one"));
  auto big = archives().open("big.npz", {named("ids", ValueType::int64)});
  REQUIRE(big);
  std::int64_t id = 0;
  CHECK(big->read_row(0, {&id}).error().message == "array `ids`: row 0 has a number that does not fit into int64");
}

TEST_CASE("no prefix and no flipped byte of an archive crashes the reader of arrays") {
  if (!archives().made) return;
  const test::TempFolder folder;
  for (const char* name : {"one.npz", "packed.npz"}) {
    const std::string good = test::read(archives().folder / name);
    for (std::size_t at = 0; at < good.size(); ++at) {
      std::string damaged = good;
      damaged[at] = static_cast<char>(damaged[at] ^ 0xff);
      for (const std::string& bytes : {damaged, good.substr(0, at)}) {
        auto file = ArrayFile::open(folder.write("a.npz", bytes), {});
        if (!file) continue;
        std::vector<double> values(1024);
        if (file->rows() > 0 && file->row()[0].shape.size() == 1 && file->row()[0].shape[0] < 1024) static_cast<void>(file->read_row(0, {values.data()}));
      }
    }
  }
}
