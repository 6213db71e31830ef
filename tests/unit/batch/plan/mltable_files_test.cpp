// MLTables as what mini-batches are planned from.
#include "batch/plan/mltable_files.h"

#include <doctest/doctest.h>

#include "batch/plan/mini_batch_plan.h"
#include "batch/plan/table_split.h"
#include "reuse/scan.h"
#include "support/temp_folder.h"

using namespace mlpipe;

namespace {

// A table in folder/table, beside folder/beside.
struct Place {
  test::TempFolder folder;
  MLTable table;
  std::vector<DataBeyond> beyond;

  Place() { table.folder = folder / "table"; }

  void add(const std::string& path, const std::string& pattern = {}) {
    table.places.push_back({path, (table.folder / path).lexically_normal(), pattern});
    if (lies_within(table, table.places.back())) return;
    auto tree = scan_tree(table.places.back().path, {.pattern = pattern});
    if (!tree) FAIL(tree.error().message);
    beyond.push_back({path, table.places.back().path, pattern, std::make_shared<const Tree>(tree.take())});
  }
  Tree tree() const {
    auto tree = scan_tree(table.folder);
    if (!tree) FAIL(tree.error().message);
    return tree.take();
  }
  Result<std::vector<std::string>> files() const { return mltable_files(table, tree(), beyond); }
};

using Files = std::vector<std::string>;

}  // namespace

TEST_CASE("the files of an MLTable come place after place, also from outside of its folder") {
  Place place;
  for (const char* name : {"table/MLTable", "table/z.csv", "table/a/2.csv", "table/a/b/1.csv", "table/a/b/MLTable", "table/a.txt", "beside/x.csv", "beside/y.txt"})
    place.folder.write(name, "");
  place.add("z.csv");
  place.add("a");
  place.add("../beside", "*.csv");
  place.add("", "**/*.txt");
  CHECK(*place.files() == Files{"z.csv", "a/2.csv", "a/b/1.csv", (place.folder / "beside/x.csv").string(), "a.txt"});
}

TEST_CASE("a table of files keeps those in its window; a table of rows keeps all") {
  Place place;
  for (const char* name : {"table/1", "table/2", "table/3", "table/4"}) place.folder.write(name, "");
  place.add(".");
  place.table.skip = 1;
  place.table.take = 2;
  CHECK(*place.files() == Files{"2", "3"});
  place.table.reader = MLTable::Reader::delimited;
  CHECK(place.files()->size() == 4);
}

TEST_CASE("a path that names nothing is an error that says which") {
  Place place;
  place.folder.write("table/1.csv", "");
  place.add("", "*.txt");
  const auto files = place.files();
  REQUIRE_FALSE(files);
  CHECK(files.error().message.find(": no file matches ") != std::string::npos);
}

TEST_CASE("the rows of an MLTable's files: headers, a window over all of them, and a plan that is read back") {
  Place place;
  place.folder.write("table/1.csv", "n;m\n1;\"a\n2;b\n");  // without support_multi_line a quote ends with its line
  place.folder.write("table/2.csv", "3;c\n4;d\n");
  place.add(".");
  place.table.reader = MLTable::Reader::delimited;
  place.table.delimiter = ';';
  place.table.header = MLTable::Header::first_file;
  place.table.transformations = "[{\"read_delimited\":{}}]";
  place.table.skip = 1;
  place.table.take = 2;
  const Tree tree = place.tree();
  TableInput input{"data", place.table.folder, &tree, {}, &place.table, *place.files()};
  auto split = TableSplit::by_size({input}, 100, {});
  REQUIRE(split);
  const MiniBatchPlan plan(split.take());
  CHECK(plan.mini_batches() == 2);
  CHECK(plan.items() == 2);
  CHECK(plan.names_of(0) == Files{(place.folder / "table/1.csv").string() + " row 1"});
  CHECK(plan.names_of(1) == Files{(place.folder / "table/2.csv").string() + " row 0"});
  const auto message = plan.message(1, 1);
  CHECK(message.transformations == place.table.transformations);
  REQUIRE(message.pieces.size() == 1);
  CHECK(message.pieces[0].header);
  CHECK(message.pieces[0].header_path == (place.folder / "table/1.csv").string());
  CHECK(message.pieces[0].header_bytes == 4);
  CHECK(message.pieces[0].ranges[0].begin == 0);
  CHECK(message.sample.size() == 2);
  const auto read = MiniBatchPlan::parse(plan.serialise());
  REQUIRE(read);
  CHECK(read->serialise() == plan.serialise());
  CHECK(read->message(1, 1).sample.size() == 2);

  auto keyed = TableSplit::by_keys({input}, {"m"}, {});
  REQUIRE(keyed);
  const MiniBatchPlan groups(keyed.take());
  CHECK(groups.mini_batches() == 2);
  CHECK(groups.message(0, 1).keys[0].value == "b");
  CHECK(groups.message(1, 1).keys[0].value == "c");
}
