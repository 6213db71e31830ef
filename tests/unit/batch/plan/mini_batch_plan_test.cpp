#include <doctest/doctest.h>
#include <unistd.h>

#include <random>

#include "batch/plan/mini_batch_plan.h"
#include "support/temp_folder.h"
#include "reuse/scan.h"

using namespace mlpipe;

namespace {

Tree scan(const Path& path, const std::string& pattern = {}) {
  ScanOptions options;
  options.pattern = pattern;
  auto tree = scan_tree(path, options);
  if (!tree) FAIL(tree.error().message);
  return tree.take();
}

ItemListing list(const Path& path, const std::string& pattern = {}) {
  ItemListing listing;
  const auto status = list_items("in", path, scan(path, pattern), listing);
  if (!status) FAIL(status.error().message);
  return listing;
}

std::vector<std::vector<std::string>> batches(const MiniBatchPlan& plan, const Path& base) {
  std::vector<std::vector<std::string>> all;
  for (std::uint64_t id = 0; id < plan.mini_batches(); ++id) {
    all.emplace_back();
    for (const auto& path : plan.names_of(id)) all.back().push_back(Path(path).lexically_relative(base).string());
    CHECK(plan.items_of(id) == all.back().size());
  }
  return all;
}

using Batches = std::vector<std::vector<std::string>>;

}  // namespace

TEST_CASE("a mini-batch never mixes folders, and names are in byte order") {
  test::TempFolder folder;
  for (const char* name : {"d/b", "d/a", "d/B", "d/10", "d/9", "d/sub/y", "d/sub/x", "d/sub/z", "d/sub/deep/1", "d/.hidden"}) folder.write(name, "");
  const MiniBatchPlan plan(list(folder / "d"), 2);
  CHECK(batches(plan, folder / "d") == Batches{{".hidden", "10"}, {"9", "B"}, {"a", "b"}, {"sub/x", "sub/y"}, {"sub/z"}, {"sub/deep/1"}});
  CHECK(plan.items() == 10);
}

TEST_CASE("folders are in the order of their names, not of their items' whole paths") {
  test::TempFolder folder;
  for (const char* name : {"d/sub/x", "d/sub-2/y", "d/sub/deep/z", "d/sub.txt", "d/t"}) folder.write(name, "");
  CHECK(batches(MiniBatchPlan(list(folder / "d"), 9), folder / "d") == Batches{{"sub.txt", "t"}, {"sub/x"}, {"sub/deep/z"}, {"sub-2/y"}});
}

TEST_CASE("the plan has the files of the tree, whatever the disk has by now; an empty folder is no item") {
  test::TempFolder folder;
  folder.write("real/x", "");
  folder.write("d/a", "");
  std::filesystem::create_directories(folder / "d/empty");
  REQUIRE(::symlink("../real", (folder / "d/linked").c_str()) == 0);
  const auto tree = scan(folder / "d");
  folder.write("d/late", "");
  std::filesystem::remove(folder / "d/a");
  ItemListing listing;
  REQUIRE(list_items("in", folder / "d", tree, listing));
  CHECK(batches(MiniBatchPlan(listing, 9), folder / "d") == Batches{{"a"}, {"linked/x"}});
}

TEST_CASE("a single file is one item; a pattern chooses files below") {
  test::TempFolder folder;
  for (const char* name : {"d/a.csv", "d/b.txt", "d/sub/c.csv"}) folder.write(name, "");
  CHECK(MiniBatchPlan(list(folder / "d/b.txt"), 5).names_of(0) == std::vector<std::string>{(folder / "d/b.txt").string()});
  CHECK(batches(MiniBatchPlan(list(folder / "d", "*.csv"), 5), folder / "d") == Batches{{"a.csv"}});
  CHECK(batches(MiniBatchPlan(list(folder / "d", "**/*.csv"), 5), folder / "d") == Batches{{"a.csv"}, {"sub/c.csv"}});
}

TEST_CASE("an input without files is an error with the input's name") {
  test::TempFolder folder;
  std::filesystem::create_directories(folder / "empty/sub");
  ItemListing listing;
  auto empty = list_items("images", folder / "empty", scan(folder / "empty"), listing);
  REQUIRE_FALSE(empty);
  CHECK(empty.error().message.find("`images` has no files") != std::string::npos);
  folder.write("empty/a.txt", "");
  CHECK_FALSE(list_items("images", folder / "empty", scan(folder / "empty", "*.csv"), listing));
  CHECK(listing.inputs.empty());
}

TEST_CASE("several inputs are split each on its own") {
  test::TempFolder folder;
  for (const char* name : {"a/1", "a/2", "a/3", "b/1"}) folder.write(name, "");
  ItemListing listing;
  REQUIRE(list_items("one", folder / "a", scan(folder / "a"), listing));
  REQUIRE(list_items("two", folder / "b", scan(folder / "b"), listing));
  CHECK(MiniBatchPlan(listing, 3).names_of(0, {1, Slice::rest}, 1) == std::vector<std::string>{(folder / "a/2").string()});
  CHECK(batches(MiniBatchPlan(listing, 2), folder.path()) == Batches{{"a/1", "a/2"}, {"a/3"}, {"b/1"}});
  CHECK(batches(MiniBatchPlan(listing, 2, 2), folder.path()) == Batches{{"a/1", "a/2"}});
  CHECK(batches(MiniBatchPlan(listing, 3, 100), folder.path()) == Batches{{"a/1", "a/2", "a/3"}, {"b/1"}});
}

TEST_CASE("the saved plan is the same wherever the inputs lie, and differs when anything else does") {
  test::TempFolder one, two;
  for (const auto* folder : {&one, &two})
    for (const std::string name : {"d/caf\xe9", "d/new\nline", "d/sub/x"}) folder->write(name, "");
  const MiniBatchPlan plan(list(one / "d"), 2);
  CHECK(plan.serialise() == MiniBatchPlan(list(two / "d"), 2).serialise());
  CHECK(plan.digest() != MiniBatchPlan(list(two / "d"), 3).digest());
  CHECK(plan.digest() != MiniBatchPlan(list(two / "d"), 2, 1).digest());
  two.write("d/zz", "");
  CHECK(plan.digest() != MiniBatchPlan(list(two / "d"), 2).digest());

  auto read = MiniBatchPlan::parse(plan.serialise());
  REQUIRE(read);
  CHECK(read->serialise() == plan.serialise());
  CHECK(read->mini_batches() == 2);
  CHECK(read->names_of(0) == std::vector<std::string>{"caf\xe9", "new\nline"});
}

TEST_CASE("a damaged plan is an error or another plan, never a crash") {
  test::TempFolder folder;
  for (const char* name : {"d/a", "d/b", "d/sub/x"}) folder.write(name, "");
  const auto whole = MiniBatchPlan(list(folder / "d"), 2).serialise();
  for (std::size_t size = 0; size < whole.size(); ++size) CHECK_FALSE(MiniBatchPlan::parse(std::string_view(whole).substr(0, size)));
  std::mt19937 random(3);
  for (int turn = 0; turn < 3000; ++turn) {
    auto bytes = whole;
    bytes[random() % bytes.size()] = static_cast<char>(random());
    auto plan = MiniBatchPlan::parse(bytes);
    if (plan)
      for (std::uint64_t id = 0; id < plan->mini_batches(); ++id) plan->names_of(id);
  }
}
