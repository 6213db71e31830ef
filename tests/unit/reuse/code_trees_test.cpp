#include "reuse/code_trees.h"

#include <sys/stat.h>

#include "unit/reuse/test_tools.h"

using namespace mlpipe;
using namespace mlpipe::test;

namespace {

struct Fixture {
  TempFolder folder;
  Store store = Store::open(folder / "store", Store::Access::write).take();

  Tree source() {
    folder.write("code/train.py", "print(1)\n");
    folder.write("code/lib/empty.py", "");
    folder.write("code/model.bin", std::string(200'000, 'x'));
    ::chmod(folder.write("code/run.sh", "echo\n").c_str(), 0755);
    std::filesystem::create_directories(folder / "code/nothing");
    return scan(folder / "code");
  }
  Path pack(const Tree& tree) const { return store.root() / "code/trees" / tree.digest.hex(); }
};

void damage(const Path& file, std::size_t at) {
  std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
  stream.seekg(static_cast<std::streamoff>(at));
  const char flipped = static_cast<char>(stream.get() ^ 1);
  stream.seekp(static_cast<std::streamoff>(at));
  stream.put(flipped);
}

}  // namespace

TEST_CASE_FIXTURE(Fixture, "code trees: what is kept comes back as it was, whatever became of the source") {
  const Tree tree = source();
  REQUIRE(code_trees::keep(store, tree, folder / "code"));
  std::filesystem::remove_all(folder / "code");
  REQUIRE(code_trees::restore(store, tree.digest, folder / "back"));
  CHECK(scan(folder / "back").digest == tree.digest);
}

TEST_CASE_FIXTURE(Fixture, "code trees: one file of a tree, small, empty or large") {
  const Tree tree = source();
  REQUIRE(code_trees::keep(store, tree, folder / "code"));
  CHECK(*code_trees::read_file(store, tree, "train.py") == "print(1)\n");
  CHECK(code_trees::read_file(store, tree, "lib/empty.py")->empty());
  CHECK(code_trees::read_file(store, tree, "model.bin")->size() == 200'000);
  CHECK(!code_trees::read_file(store, tree, "none.py"));
}

TEST_CASE_FIXTURE(Fixture, "code trees: of a tree like one that is kept only what differs is read") {
  const Tree before = source();
  REQUIRE(code_trees::keep(store, before, folder / "code"));
  folder.write("code/train.py", "print(2)\n");
  const Tree after = scan(folder / "code");
  folder.write("code/run.sh", "no longer what the tree says");
  REQUIRE(code_trees::keep(store, after, folder / "code", before.digest));
  REQUIRE(code_trees::restore(store, after.digest, folder / "back"));
  CHECK(scan(folder / "back").digest == after.digest);
}

TEST_CASE_FIXTURE(Fixture, "code trees: an earlier tree that is damaged or gone helps nobody") {
  const Tree before = source();
  REQUIRE(code_trees::keep(store, before, folder / "code"));
  damage(pack(before), 50);
  folder.write("code/train.py", "print(2)\n");
  const Tree after = scan(folder / "code");
  REQUIRE(code_trees::keep(store, after, folder / "code", before.digest));
  CHECK(*code_trees::read_file(store, after, "run.sh") == "echo\n");
  folder.write("code/train.py", "print(3)\n");
  const Tree last = scan(folder / "code");
  REQUIRE(code_trees::keep(store, last, folder / "code", digest_of("nothing")));
  CHECK(*code_trees::read_file(store, last, "train.py") == "print(3)\n");
}

TEST_CASE_FIXTURE(Fixture, "code trees: large files are shared, small ones are one file") {
  const Tree tree = source();
  REQUIRE(code_trees::keep(store, tree, folder / "code"));
  folder.write("code/train.py", "print(2)\n");
  REQUIRE(code_trees::keep(store, scan(folder / "code"), folder / "code"));
  CHECK(list_folder(store.root() / "code/files")->size() == 1);
  CHECK(list_folder(store.root() / "code/trees")->size() == 2);
}

TEST_CASE_FIXTURE(Fixture, "code trees: a source that changed meanwhile is not kept under a wrong name") {
  const Tree tree = source();
  SUBCASE("a small file") { folder.write("code/train.py", "print(2)\n"); }
  SUBCASE("a large file") { folder.write("code/model.bin", std::string(200'000, 'y')); }
  CHECK(!code_trees::keep(store, tree, folder / "code"));
  CHECK(!code_trees::is_kept(store, tree.digest));
}

TEST_CASE_FIXTURE(Fixture, "code trees: damage is an error, never wrong content, and a truncated one is kept again") {
  const Tree tree = source();
  REQUIRE(code_trees::keep(store, tree, folder / "code"));
  SUBCASE("a flipped bit") {
    damage(pack(tree), std::filesystem::file_size(pack(tree)) - 1);
    CHECK(!code_trees::read_file(store, tree, "train.py"));
    CHECK(code_trees::restore(store, tree.digest, folder / "back").error().kind == ErrorKind::store);
  }
  SUBCASE("a large file") {
    damage(store.root() / "code/files" / tree.entries()[1].digest.hex(), 5);
    CHECK(!code_trees::restore(store, tree.digest, folder / "back"));
  }
  SUBCASE("a truncated one") {
    std::filesystem::resize_file(pack(tree), 20);
    CHECK(!code_trees::restore(store, tree.digest, folder / "back"));
    REQUIRE(code_trees::keep(store, tree, folder / "code"));
    CHECK(code_trees::restore(store, tree.digest, folder / "back"));
  }
  SUBCASE("a lost listing") {
    std::filesystem::remove(store.root() / "texts" / tree.digest.hex());
    CHECK(code_trees::restore(store, tree.digest, folder / "back").error().kind == ErrorKind::store);
  }
}

TEST_CASE_FIXTURE(Fixture, "code trees: a listing cannot lead out of the folder that it is restored to") {
  folder.write("code/x", "1");
  const Tree inside = scan(folder / "code");
  const Tree outside = make_tree({{"../escaped", 1, false, inside.entries()[0].digest}}, false);
  REQUIRE(store.put_text(outside.digest, to_text(outside)));
  REQUIRE(code_trees::keep(store, inside, folder / "code"));
  std::filesystem::copy(pack(inside), pack(outside));
  CHECK(!code_trees::restore(store, outside.digest, folder / "back"));
  CHECK(!path_exists(folder / "escaped"));
}

TEST_CASE_FIXTURE(Fixture, "code trees: a checkout that was written to is made again") {
  const Tree tree = source();
  REQUIRE(code_trees::keep(store, tree, folder / "code"));
  DigestIndex index(folder / "index");
  const Path place = code_trees::checkout(store, tree.digest, index).take();
  std::ofstream(place / "train.py") << "print(3)\n";
  CHECK(*code_trees::checkout(store, tree.digest, index) == place);
  CHECK(read(place / "train.py") == "print(1)\n");
}
