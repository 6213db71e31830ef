#include <doctest/doctest.h>

#include <fcntl.h>

#include "batch/record/mini_batch_files.h"
#include "scoring/rows/mini_batch_files.h"
#include "support/temp_folder.h"

using namespace mlpipe;

namespace {

struct Rows {
  test::TempFolder folder;
  std::string bytes;
  std::vector<Extent> extents;

  void add(std::uint64_t mini_batch, const std::string& files) {
    extents.push_back({mini_batch, bytes.size(), files.size(), 0});
    bytes += files;
  }
  Status write() {
    const auto file = open_file(folder.write("rows", bytes), O_RDONLY);
    REQUIRE(file);
    return write_mini_batch_files(file->get(), extents, folder / "out", folder / "aside", FileOps::real());
  }
  std::string content(const char* name) { return read_file(Path(folder / "out") / name).take(); }
  std::size_t count() { return list_folder(folder / "out")->size(); }
};

std::string files_of(const std::string& content) {
  std::string files;
  append_mini_batch_file("npy", content, files);
  append_mini_batch_file("items.txt", "a\n", files);
  return files;
}

}  // namespace

TEST_CASE("each mini-batch gets its files") {
  Rows rows;
  rows.add(3, files_of("three"));
  rows.add(1, files_of(std::string(200'000, '1')));
  rows.add(7, "");
  REQUIRE(rows.write());
  CHECK(rows.content("mini_batch_000003.npy") == "three");
  CHECK(rows.content("mini_batch_000001.npy") == std::string(200'000, '1'));
  CHECK(rows.content("mini_batch_000001.items.txt") == "a\n");
  CHECK(rows.count() == 4);
}

TEST_CASE("parts of a mini-batch have files of their own, and those of an earlier try are gone") {
  Rows rows;
  rows.add(3, files_of("whole"));
  REQUIRE(rows.write());
  std::string first = files_of("first"), second = files_of("second");
  REQUIRE(mark_as_part(0, 2, first));
  REQUIRE(mark_as_part(3, 1, second));
  rows.extents.clear();
  rows.add(3, first + second);
  REQUIRE(rows.write());
  CHECK(rows.content("mini_batch_000003_0000000-0000001.npy") == "first");
  CHECK(rows.content("mini_batch_000003_0000003-0000003.npy") == "second");
  CHECK(rows.count() == 4);
}

TEST_CASE("rows that are no files are told") {
  for (const std::string& wrong : {std::string("a row\n"), std::string(100, 'x'), files_of("abc").substr(0, 34)}) {
    Rows rows;
    rows.add(0, wrong);
    const auto written = rows.write();
    REQUIRE_FALSE(written);
    CHECK(written.error().kind == ErrorKind::step_failed);
  }
}
