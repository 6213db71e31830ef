#include <doctest/doctest.h>

#include "scoring/array/npy_file.h"
#include "scoring/rows/mini_batch_files.h"
#include "scoring/rows/npy_rows.h"
#include "scoring/rows/row_writer.h"

using namespace mlpipe;

namespace {

const float values[] = {0.25f, -1.5f, 3.0f};

RowWriter writer_of(ScoringInput input) {
  Scoring scoring;
  scoring.input = input;
  scoring.format = RowFormat::npy;
  return RowWriter::make(scoring).take();
}

// Names and bytes.
std::vector<std::pair<std::string, std::string>> split_files(std::string_view files, std::uint64_t mini_batch = 12) {
  std::vector<std::pair<std::string, std::string>> found;
  while (!files.empty()) {
    const auto file = parse_mini_batch_file(files);
    REQUIRE(file);
    found.emplace_back(file->name(mini_batch), files.substr(MiniBatchFile::header_size, file->length));
    files.remove_prefix(MiniBatchFile::header_size + file->length);
  }
  return found;
}

}  // namespace

TEST_CASE("rows of a mini-batch become an .npy, and a line each that says of what") {
  const RowWriter writer = writer_of(ScoringInput::array);
  for (std::size_t rows : {1u, 7u, 1000u}) {
    std::string text;
    for (std::size_t row = 0; row < rows; ++row) writer.append({"/x/a.npy", row, values, 3}, text);
    const auto files = npy_files(text);
    REQUIRE(files);
    const auto found = split_files(*files);
    REQUIRE(found.size() == 2);
    CHECK(found[0].first == "mini_batch_000012.npy");
    CHECK(found[1].first == "mini_batch_000012.items.txt");
    CHECK(found[1].second.starts_with("a.npy 0\n"));
    CHECK((found[0].second.size() - rows * sizeof values) % 64 == 0);
    auto array = NpyFile::of_bytes(found[0].second);
    REQUIRE(array);
    CHECK(array->rows() == rows);
    CHECK(array->row_shape() == std::vector<std::int64_t>{3});
    std::vector<float> last(3);
    REQUIRE(array->read_row(rows - 1, last.data()));
    CHECK(last == std::vector<float>{0.25f, -1.5f, 3.0f});
  }
}

TEST_CASE("what a row is of depends on what is scored") {
  const std::pair<ScoringInput, std::string> expected[] = {{ScoringInput::image, "b.png\n"}, {ScoringInput::table, "7\n"}, {ScoringInput::array, "b.png 7\n"}};
  for (const auto& [input, item] : expected) {
    std::string text;
    writer_of(input).append({"/x/b.png", 7, values, 3}, text);
    CHECK(split_files(*npy_files(text))[1].second == item);
  }
}

TEST_CASE("rows of different lengths are no .npy") {
  std::string text;
  writer_of(ScoringInput::image).append({"a", 0, values, 3}, text);
  writer_of(ScoringInput::image).append({"b", 0, values, 2}, text);
  CHECK(npy_files(text).error().message == "the model gives 3 values for one row and 2 for another, which one .npy cannot hold");
}

TEST_CASE("files of parts of a mini-batch have names of their own") {
  std::string files;
  append_mini_batch_file("npy", "abc", files);
  append_mini_batch_file("items.txt", "", files);
  REQUIRE(mark_as_part(4, 4, files));
  const auto found = split_files(files);
  CHECK(found[0] == std::pair<std::string, std::string>("mini_batch_000012_0000004-0000007.npy", "abc"));
  CHECK(found[1] == std::pair<std::string, std::string>("mini_batch_000012_0000004-0000007.items.txt", ""));
}

TEST_CASE("what is no file of a mini-batch is told") {
  std::string files;
  append_mini_batch_file("npy", "abc", files);
  std::string none;
  CHECK(mark_as_part(0, 1, none));
  for (std::string damaged : {std::string("a row\n"), files.substr(0, files.size() - 1), files + "more", "../" + files.substr(3)}) {
    const auto marked = mark_as_part(0, 1, damaged);
    CHECK(marked.error().message == "a worker gave something else than the files of a mini-batch");
  }
}

TEST_CASE("what becomes Parquet is numbers or text, in UTF-8") {
  Scoring scoring;
  scoring.format = RowFormat::parquet;
  scoring.columns = {{"n", "{name}"}, {"best", "{argmax}"}, {"all", "{values}"}};
  const auto writer = RowWriter::make(scoring);
  REQUIRE(writer);
  const auto table = writer->table();
  REQUIRE(table.size() == 3);
  CHECK_FALSE(table[0].number);
  CHECK(table[1].number);
  CHECK_FALSE(table[2].number);
  std::string cells;
  writer->append({"/x/\xff\xff.png", 0, values, 3}, cells);
  CHECK(cells.find("\xef\xbf\xbd\xef\xbf\xbd.png") != std::string::npos);
  CHECK(cells.find('\xff') == std::string::npos);
}
