// Plans whose items are rows, groups or nothing.
#include "batch/plan/table_split.h"

#include <doctest/doctest.h>

#include <random>

#include "batch/plan/group_split.h"
#include "batch/plan/mini_batch_plan.h"
#include "batch/plan/rank_split.h"
#include "support/temp_folder.h"
#include "reuse/scan.h"

using namespace mlpipe;

namespace {

struct Tables {
  test::TempFolder folder;
  std::vector<std::unique_ptr<Tree>> trees;
  std::vector<TableInput> inputs;

  TableInput& input(const std::string& name, TableFormat format = {}) {
    auto tree = scan_tree(folder / name);
    if (!tree) FAIL(tree.error().message);
    trees.push_back(std::make_unique<Tree>(tree.take()));
    inputs.push_back({name, folder / name, trees.back().get(), std::move(format)});
    return inputs.back();
  }
  MiniBatchPlan plan(Result<std::unique_ptr<const Split>> split) const {
    if (!split) FAIL(split.error().message);
    return MiniBatchPlan(split.take());
  }
  MiniBatchPlan by_size(std::uint64_t size, std::optional<std::uint64_t> sample = {}) const {
    return plan(TableSplit::by_size(inputs, size, sample));
  }
  MiniBatchPlan by_keys(const std::vector<std::string>& keys, std::optional<std::uint64_t> sample = {}) const {
    return plan(TableSplit::by_keys(inputs, keys, sample));
  }
  std::string error_of(const std::vector<std::string>& keys = {}) const {
    auto split = keys.empty() ? TableSplit::by_size(inputs, 100, {}) : TableSplit::by_keys(inputs, keys, {});
    return split ? "" : split.error().message;
  }

  // The bytes of a mini-batch's rows, header first.
  std::string rows(const MiniBatchPlan& plan, std::uint64_t id) const {
    std::string all;
    for (const auto& piece : plan.message(id, 1).pieces) {
      const auto text = test::read(piece.path);
      all += text.substr(0, piece.header_bytes);
      for (const auto& range : piece.ranges) all += text.substr(range.begin, range.end - range.begin);
    }
    return all;
  }
};

void check_round_trip(const MiniBatchPlan& plan) {
  const auto bytes = plan.serialise();
  auto read = MiniBatchPlan::parse(bytes);
  REQUIRE(read);
  CHECK(read->serialise() == bytes);
  CHECK(read->digest() == plan.digest());
  CHECK(read->mini_batches() == plan.mini_batches());
  CHECK(read->items() == plan.items());
  for (std::uint64_t id = 0; id < plan.mini_batches(); ++id) CHECK(read->items_of(id) == plan.items_of(id));
}

void check_damage(const MiniBatchPlan& plan) {
  const auto whole = plan.serialise();
  for (std::size_t size = 0; size < whole.size(); ++size) CHECK_FALSE(MiniBatchPlan::parse(std::string_view(whole).substr(0, size)));
  std::mt19937 random(5);
  for (int turn = 0; turn < 3000; ++turn) {
    auto bytes = whole;
    bytes[random() % bytes.size()] = static_cast<char>(random());
    const auto read = MiniBatchPlan::parse(bytes);
    if (!read) continue;
    for (std::uint64_t id = 0; id < std::min<std::uint64_t>(read->mini_batches(), 100); ++id) {
      (void)read->message(id, 1);
      (void)read->names_of(id, {0, 3});
    }
  }
}

}  // namespace

TEST_CASE("a table is cut into mini-batches of at most the size, never across files") {
  Tables tables;
  tables.folder.write("t/a.csv", "n,v\n1,aa\n2,bb\n3,cc\n4,dd\n5,ee\n");
  tables.folder.write("t/b.csv", "n,v\n6,\"x\ny\"\n7,zz");
  tables.input("t");
  const auto plan = tables.by_size(10);
  CHECK(plan.mini_batches() == 5);
  CHECK(plan.items() == 7);
  CHECK(tables.rows(plan, 0) == "n,v\n1,aa\n2,bb\n");
  CHECK(tables.rows(plan, 2) == "n,v\n5,ee\n");
  CHECK(tables.rows(plan, 3) == "n,v\n6,\"x\ny\"\n");
  CHECK(tables.rows(plan, 4) == "n,v\n7,zz");
  CHECK(plan.message(1, 1).first_row == 2);
  CHECK(plan.message(3, 1).first_row == 5);
  CHECK(plan.divisible(0));
  check_round_trip(plan);
  check_damage(plan);
  CHECK(tables.by_size(1000).mini_batches() == 2);
  CHECK(tables.by_size(1).mini_batches() == 7);
}

TEST_CASE("a slice of a table's mini-batch is named and sent as rows") {
  Tables tables;
  tables.folder.write("t/a.csv", "n\n0\n1\n2\n3\n4\n5\n6\n7\n");
  tables.input("t");
  const auto plan = tables.by_size(8);
  REQUIRE(plan.mini_batches() == 2);
  const auto path = (tables.folder / "t/a.csv").string();
  CHECK(plan.names_of(1) == std::vector<std::string>{path + " rows 4-7"});
  CHECK(plan.names_of(1, {}, 3) == std::vector<std::string>{path + " rows 4-7"});
  CHECK(plan.names_of(1, {}, 0).empty());
  CHECK(plan.names_of(1, {1, 2}) == std::vector<std::string>{path + " rows 5-6"});
  CHECK(plan.names_of(1, {3, Slice::rest}) == std::vector<std::string>{path + " row 7"});
  CHECK(plan.item_names(1, {2, Slice::rest}) == std::vector<std::string>{path + " row 6", path + " row 7"});
  const auto message = plan.message(1, 2, {1, 2});
  CHECK(message.rows == 4);
  CHECK(message.row_first == 1);
  CHECK(message.row_count == 2);
  CHECK(message.first_row == 5);
  CHECK(message.attempt == 2);
}

TEST_CASE("files without rows are mini-batches without items") {
  Tables tables;
  tables.folder.write("t/empty.csv", "");
  tables.folder.write("t/header.csv", "a,b\n");
  tables.folder.write("t/lines.jsonl", "\n\n");
  tables.input("t");
  const auto plan = tables.by_size(10);
  CHECK(plan.mini_batches() == 3);
  CHECK(plan.items() == 0);
  CHECK(plan.names_of(1) == std::vector<std::string>{(tables.folder / "t/header.csv").string() + " (no rows)"});
  CHECK(plan.message(1, 1).row_count == 0);
  check_round_trip(plan);
}

TEST_CASE("the kind of a table is told by its name, and what lies beside tables is left out") {
  Tables tables;
  tables.folder.write("t/a.TSV", "a\tb\n1\t2\n");
  tables.folder.write("t/b.ndjson", "{}\n{}\n");
  tables.folder.write("t/_SUCCESS", "");
  tables.folder.write("t/.b.ndjson.crc", "x");
  tables.input("t");
  const auto plan = tables.by_size(1000);
  REQUIRE(plan.mini_batches() == 2);
  CHECK(plan.message(0, 1).pieces[0].delimiter == "\t");
  CHECK(plan.message(1, 1).pieces[0].format == wire::TablePiece::Format::json_lines);
  tables.folder.write("t/notes.txt", "x");
  tables.inputs.clear();
  tables.input("t");
  CHECK(tables.error_of().find("notes.txt does not say by its ending") != std::string::npos);
  tables.inputs.clear();
  tables.input("t", {";", {}, {}});
  CHECK(tables.by_size(1000).mini_batches() == 5);
}

TEST_CASE("a table that cannot be cut is an error that names the file and the row") {
  Tables tables;
  tables.folder.write("t/a.csv", "a\n1\n\"2\n3\n");
  tables.input("t");
  CHECK(tables.error_of().find("a.csv: a quote is opened in row 3 and never closed") != std::string::npos);
  tables.inputs.clear();
  tables.folder.write("gz/a.csv.gz", "x");
  tables.input("gz");
  CHECK(tables.error_of().find("is compressed") != std::string::npos);
}

TEST_CASE("a sample ends within a mini-batch, whose other rows are read but not counted") {
  Tables tables;
  tables.folder.write("t/a.csv", "n\n0\n1\n2\n3\n4\n");
  tables.input("t");
  const auto plan = tables.by_size(4, 3);
  CHECK(plan.mini_batches() == 2);
  CHECK(plan.items() == 3);
  CHECK(plan.items_of(1) == 1);
  CHECK(plan.message(1, 1).rows == 2);
  CHECK(plan.message(1, 1).row_count == 1);
  check_round_trip(plan);
}

TEST_CASE("rows are grouped by columns of the data over all files, values sorted") {
  Tables tables;
  tables.folder.write("t/a.csv", "store,n\nb,0\na,1\na,2\n\"b\",3\n");
  tables.folder.write("t/b.csv", "n,store\n4,a\n5,c d\n");
  tables.input("t");
  const auto plan = tables.by_keys({"store"});
  REQUIRE(plan.mini_batches() == 3);
  CHECK(plan.items() == 6);
  CHECK_FALSE(plan.divisible(0));
  CHECK(tables.rows(plan, 0) == "store,n\na,1\na,2\nn,store\n4,a\n");
  CHECK(tables.rows(plan, 1) == "store,n\nb,0\n\"b\",3\n");
  CHECK(plan.message(0, 1).pieces[0].ranges.size() == 1);
  CHECK(plan.message(2, 1).keys == std::vector<wire::Key>{{"store", wire::Key::Type::text, "c d"}});
  CHECK(plan.names_of(1) == std::vector<std::string>{"group store=b", (tables.folder / "t/a.csv").string() + " rows 0, 3"});
  check_round_trip(plan);
  check_damage(plan);
  CHECK(tables.by_keys({"store"}, 4).items_of(1) == 1);
  CHECK(tables.by_keys({"n", "store"}).mini_batches() == 6);
  CHECK(tables.error_of({"stor"}).find("has no column `stor`, a partition key") != std::string::npos);
}

TEST_CASE("rows are grouped by what paths say, alone or with columns; each input for itself") {
  Tables tables;
  tables.folder.write("t/x/1.csv", "k\n1\n2\n");
  tables.folder.write("t/y/1.csv", "k\n1\n");
  tables.folder.write("t/x/2.jsonl", "{\"k\": 1}\n{\"k\": \"1\"}\n{\"k\": null}\n{}\n");
  tables.input("t", {{}, {}, "{where}/{file}.{kind}"});
  const auto by_path = tables.by_keys({"where"});
  REQUIRE(by_path.mini_batches() == 2);
  CHECK(by_path.items_of(0) == 6);
  CHECK(by_path.message(0, 1).pieces[0].columns[1] == wire::Key{"file", wire::Key::Type::text, "1"});
  const auto both = tables.by_keys({"k", "where"});
  REQUIRE(both.mini_batches() == 4);  // "" x, 1 x, 1 y, 2 x
  CHECK(both.items_of(0) == 2);
  CHECK(both.items_of(1) == 3);
  check_round_trip(both);
  tables.folder.write("u/z/1.csv", "k\n1\n");
  tables.input("u", {{}, {}, "{where}/{file}.csv"});
  CHECK(tables.by_keys({"where"}).mini_batches() == 3);
}

TEST_CASE("files are grouped by what their paths say, and subsets of the keys merge groups") {
  test::TempFolder folder;
  for (const char* name : {"d/ann/2020-01/b.wav", "d/ann/2020-01/a.wav", "d/ann/2021-01/a.wav", "d/bob/2020-01/a.wav"}) folder.write(name, "");
  const auto make = [&](const std::vector<std::string>& keys, std::optional<std::uint64_t> sample = {}) {
    ItemListing listing;
    const auto tree = scan_tree(folder / "d");
    REQUIRE(tree);
    REQUIRE(list_items("in", folder / "d", *tree, listing));
    auto split = GroupSplit::make(std::move(listing), {"{user}/{month:yyyy-MM}/{name}.wav"}, keys, sample);
    if (!split) FAIL(split.error().message);
    return MiniBatchPlan(split.take());
  };
  const auto plan = make({"month", "user"});
  REQUIRE(plan.mini_batches() == 3);
  CHECK(plan.items() == 4);
  CHECK_FALSE(plan.divisible(0));
  CHECK(plan.message(0, 1).items == std::vector<std::string>{(folder / "d/ann/2020-01/a.wav").string(), (folder / "d/ann/2020-01/b.wav").string()});
  CHECK(plan.message(1, 1).keys ==
        std::vector<wire::Key>{{"month", wire::Key::Type::time, "2020-01-01T00:00:00"}, {"user", wire::Key::Type::text, "bob"}});
  check_round_trip(plan);
  check_damage(plan);
  CHECK(make({"user"}).mini_batches() == 2);
  CHECK(make({"user"}).items_of(0) == 3);
  CHECK(make({"user"}, 2).items() == 2);
  CHECK(make({"user"}, 2).mini_batches() == 1);
}

TEST_CASE("rank mini-batches have a number and nothing else") {
  const MiniBatchPlan plan(std::make_unique<RankSplit>(4));
  CHECK(plan.mini_batches() == 4);
  CHECK(plan.items() == 0);
  CHECK_FALSE(plan.divisible(0));
  CHECK(plan.message(3, 1).kind == wire::MiniBatch::Kind::rank);
  CHECK(plan.names_of(3).empty());
  check_round_trip(plan);
  CHECK_FALSE(MiniBatchPlan::parse("mlpipe ranks 1\n0\n"));
  CHECK_FALSE(MiniBatchPlan::parse("mlpipe ranks 1\n-4\n"));
}

TEST_CASE("each kind of plan has its own bytes, and they do not say where the inputs lie") {
  Tables one, two;
  for (auto* tables : {&one, &two}) {
    tables->folder.write("t/caf\xe9\n.csv", "a\n1\n2\n");
    tables->input("t");
  }
  CHECK(one.by_size(3).serialise() == two.by_size(3).serialise());
  CHECK(one.by_size(3).digest() != one.by_size(100).digest());
  CHECK(one.by_keys({"a"}).digest() != one.by_size(3).digest());
  two.inputs[0].format.header = false;
  CHECK(one.by_size(100).digest() != two.by_size(100).digest());
}
