#include <doctest/doctest.h>

#include <cmath>
#include <filesystem>

#include "scoring/rows/mini_batch_files.h"
#include "scoring/table/parquet_files.h"
#include "support/venv_python.h"
#include "table_files.h"

using namespace mlpipe;
using namespace mlpipe::test;
using Failed = std::vector<std::pair<std::size_t, std::string>>;

namespace {

// Files that pyarrow wrote; none where it or the module is missing.
struct Files {
  TempFolder folder;
  bool made = false;

  Files() {
    const std::string python = python_with("pyarrow");
    if (python.empty() || !std::filesystem::exists(MLPIPE_BINARY_DIR "/lib/mlpipe/mlpipe_parquet.so")) return;
    const auto script = folder.write("make.py", R"(
import sys, datetime, pyarrow as p, pyarrow.parquet as q
to = sys.argv[1] + "/"
n = 5000
q.write_table(p.table({
  "f": p.array([i / 3 for i in range(n)], p.float32()), "d": p.array([None if i % 7 == 3 else i / 3 for i in range(n)], p.float64()),
  "i": p.array(range(n), p.int32()), "l": p.array([(1 << 62) + i for i in range(n)], p.int64()), "b": p.array([i % 2 == 0 for i in range(n)]),
  "s": p.array([None if i % 5 == 4 else "s%d" % i for i in range(n)]), "t": p.array([str(i) for i in range(n)]),
  "u": p.array([(1 << 64) - 1] * n, p.uint64()), "when": p.array([datetime.date(2020, 1, 1)] * n), "list": p.array([[1, 2]] * n),
  "nan": p.array([float("nan") if i == 2 else 1.0 for i in range(n)]),
}), to + "all.parquet", row_group_size=1500, data_page_size=3000)
q.write_table(p.table({"x": p.array([], p.float32())}), to + "empty.parquet")
)");
    made = run_python(python, script.string(), folder.path());
  }

  ReadTable read(const TableColumns& columns, const mlpipe_range& groups, const char* name = "all.parquet", std::size_t at_once = 1024) const {
    const std::string path = folder / name;
    auto piece = piece_of(path, groups, 0);
    piece.format = mlpipe_parquet;
    return read_table({piece}, columns, at_once);
  }
};

const Files& files() {
  static const Files all;
  if (!all.made) MESSAGE("skipped: .venv has no pyarrow, or mlpipe_parquet.so was not built");
  return all;
}

}  // namespace

TEST_CASE("Parquet: numbers of all types, row group by row group") {
  if (!files().made) return;
  TableColumns columns = floats_of({"i", "f", "b", "t"});
  columns.inputs.push_back({"", ValueType::int64, {"l", "b"}});
  columns.texts = {"s", "f", "l"};
  for (const std::size_t at_once : {1u, 700u, 10000u}) {
    const auto table = files().read(columns, {1, 4}, "all.parquet", at_once);
    REQUIRE(table.error == "");
    REQUIRE(table.rows == 3500);
    CHECK(table.failed.empty());
    for (std::size_t row = 0; row < table.rows; ++row) {
      const auto number = static_cast<float>(row + 1500);
      REQUIRE(table.floats[row * 4] == number);
      REQUIRE(table.floats[row * 4 + 1] == static_cast<float>((row + 1500) / 3.0));
      REQUIRE(table.floats[row * 4 + 2] == (row % 2 == 0 ? 1.0f : 0.0f));
      REQUIRE(table.floats[row * 4 + 3] == number);
      REQUIRE(table.integers[row * 2] == (std::int64_t{1} << 62) + static_cast<std::int64_t>(row) + 1500);
    }
    CHECK(table.texts[0] == "s1500");
    CHECK(table.texts[12] == "");  // a null
    CHECK(table.texts[1] == "500");
    CHECK(table.texts[2] == "4611686018427389404");
  }
}

TEST_CASE("Parquet: nulls and NaN are missing values") {
  if (!files().made) return;
  TableColumns columns = floats_of({"d", "nan"});
  auto table = files().read(columns, {0, 1});
  REQUIRE(table.failed.size() == 215);
  CHECK(table.failed[0] == std::pair<std::size_t, std::string>{2, "column `nan`: `NaN` stands for a missing value"});
  CHECK(table.failed[1] == std::pair<std::size_t, std::string>{3, "column `d`: the value is missing"});
  CHECK(table.floats[10 * 2 - 2] == 3.0f);
  columns.missing = -1;
  table = files().read(columns, {0, 1});
  CHECK(table.failed.empty());
  CHECK(table.floats[5] == -1);
  CHECK(table.floats[6] == -1);
}

TEST_CASE("Parquet: what does not fit says why") {
  if (!files().made) return;
  CHECK(files().read(floats_of({"when"}), {0, 1}).error.starts_with("column `when` has the type Date, which is neither a number nor a text"));
  CHECK(files().read(floats_of({"list.list.element"}), {0, 1}).error.find("is neither a number nor a text") != std::string::npos);
  CHECK(files().read(floats_of({"ff"}), {0, 1}).error.find("has no column `ff`") != std::string::npos);
  CHECK(files().read(floats_of({"f"}), {0, 9}).error.find("fewer row groups than when the step began") != std::string::npos);
  CHECK(files().read(floats_of({"x"}), {0, 0}, "empty.parquet").rows == 0);
  CHECK(files().read(floats_of({"u"}), {0, 1}).floats[0] == 18446744073709551616.0f);
  TableColumns whole = floats_of({});
  whole.inputs.push_back({"", ValueType::int64, {"u"}});
  CHECK(files().read(whole, {0, 1}).failed.size() == 1500);
  whole.inputs[1].columns = {"f"};
  CHECK(files().read(whole, {0, 1}).failed.at(0) == std::pair<std::size_t, std::string>{1, "column `f`: `0.3333333432674408` is no whole number that fits into int64"});
}

TEST_CASE("Parquet: reading starts no thread") {
  if (!files().made) return;
  const auto threads = [] { return std::distance(std::filesystem::directory_iterator("/proc/self/task"), std::filesystem::directory_iterator()); };
  CHECK(files().read(floats_of({"f"}), {0, 4}).rows == 5000);
  CHECK(threads() == 1);
}

TEST_CASE("Parquet: damaged files are errors, never crashes") {
  if (!files().made) return;
  const std::string good = read(files().folder / "all.parquet");
  const TempFolder folder;
  const auto read_damaged = [&](const std::string& bytes) {
    const std::string path = folder.write("t.parquet", bytes);
    const mlpipe_range first{0, 1};
    auto piece = piece_of(path, first, 0);
    piece.format = mlpipe_parquet;
    return read_table({piece}, floats_of({"f", "d"})).error;
  };
  CHECK(read_damaged("hello").find("cannot read") == 0);
  CHECK(read_damaged("") != "");
  CHECK(read_damaged(good.substr(0, good.size() / 2)).find("as Parquet") != std::string::npos);
  for (std::size_t at = good.size() - 400; at < good.size(); at += 3) {
    std::string damaged = good;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x5a);
    static_cast<void>(read_damaged(damaged));
  }
}

TEST_CASE("Parquet that was written is read again") {
  if (!std::filesystem::exists(MLPIPE_BINARY_DIR "/lib/mlpipe/mlpipe_parquet.so")) return;
  Scoring scoring;
  scoring.format = RowFormat::parquet;
  scoring.columns = {{"name", "{name}"}, {"max", "{max}"}, {"second", "{value[1]:+9.2e}"}};
  const auto writer = RowWriter::make(scoring);
  REQUIRE(writer);
  std::string cells;
  const float values[] = {0.1f, -2.5f, INFINITY};
  writer->append({"/x/a", 0, values, 2}, cells);
  writer->append({"/x/b", 0, values, 3}, cells);
  writer->append({"/x/c", 0, values, 1}, cells);  // has no second value
  const auto files = parquet_files(writer->table(), cells);
  REQUIRE(files);
  test::TempFolder folder;
  const std::string path = folder.write("a.parquet", files->substr(MiniBatchFile::header_size)).string();
  TableColumns columns = floats_of({"max", "second"});
  columns.missing = -1;
  columns.texts = {"name"};
  const mlpipe_range groups{0, 1};
  auto piece = piece_of(path, groups, 0);
  piece.format = mlpipe_parquet;
  const ReadTable table = read_table({piece}, columns);
  CHECK(table.error == "");
  CHECK(table.texts == std::vector<std::string>{"a", "b", "c"});
  CHECK(table.floats == std::vector<float>{0.1f, -2.5f, INFINITY, -2.5f, 0.1f, -1});
}
