#include "run/source_copy.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include "unit/reuse/test_tools.h"

using namespace mlpipe;
using test::TempFolder;

namespace {

struct Source {
  TempFolder folder;
  Store store = Store::open(folder / ".mlpipe", Store::Access::write).take();
  DigestIndex index{store.index_path()};
  ScanOptions options{nullptr, "", &index};

  Source() {
    folder.write("src/a.py", "a");
    folder.write("src/sub/b.py", "b");
    std::filesystem::create_directories(folder / "src/empty");
  }

  Tree tree() const { return test::scan(folder / "src"); }
  Result<SourceCopy> take() const { return SourceCopy::take(store, "/p.yaml", "step", tree(), folder / "aside"); }
  // The copy's place, filled.
  Path fill() {
    auto copy = take();
    REQUIRE(copy);
    const auto filled = copy->fill(folder / "src", tree(), options);
    REQUIRE(filled);
    CHECK(*filled);
    ScanOptions all;
    all.everything = true;
    CHECK(test::scan(copy->path(), all).entries() == tree().entries());
    return copy->path();
  }
};

}  // namespace

TEST_CASE("a copy stays between runs, and only what changed is copied anew") {
  Source source;
  const Path copy = source.fill();
  const auto kept = test::stat_of(copy / "sub/b.py").st_ino;
  source.folder.write("src/a.py", "another");
  source.folder.write("src/new/c.py", "c");
  CHECK(source.fill() == copy);
  CHECK(test::stat_of(copy / "sub/b.py").st_ino == kept);
  std::filesystem::remove_all(source.folder / "src/sub");
  std::filesystem::remove_all(source.folder / "src/empty");
  source.fill();
}

TEST_CASE("whatever a step did to its copy is undone") {
  Source source;
  const Path copy = source.fill();
  const auto write = [&](const char* name, const char* text) {
    std::filesystem::create_directories((copy / name).parent_path());
    std::ofstream(copy / name) << text;
  };
  SUBCASE("edited") { write("a.py", "x"); }
  SUBCASE("removed") { std::filesystem::remove(copy / "a.py"); }
  SUBCASE("more files and folders") { write("more/deep/x", "x"); }
  SUBCASE("what usually does not count") { write("__pycache__/a.pyc", "x"); }
  SUBCASE("a store of its own") { write(".mlpipe/format", "mlpipe store 1\n"); }
  SUBCASE("a store of another name") { write("state/format", "mlpipe store 1\n"); }
  SUBCASE("a link instead of a file, to the same content") {
    source.folder.write("outside", "a");
    std::filesystem::remove(copy / "a.py");
    std::filesystem::create_symlink(source.folder / "outside", copy / "a.py");
  }
  SUBCASE("a link to a folder") { std::filesystem::create_directory_symlink("/", copy / "root"); }
  SUBCASE("a folder instead of a file") {
    std::filesystem::remove(copy / "a.py");
    write("a.py/x", "x");
  }
  SUBCASE("a file instead of a folder") {
    std::filesystem::remove_all(copy / "sub");
    write("sub", "x");
  }
  SUBCASE("the whole of it removed") { std::filesystem::remove_all(copy); }
  SUBCASE("a pipe") { REQUIRE(::mkfifo((copy / "pipe").c_str(), 0600) == 0); }
  SUBCASE("modes") {
    ::chmod((copy / "a.py").c_str(), 0755);
    ::chmod((copy / "sub").c_str(), 0);
  }
  source.fill();
  CHECK_FALSE(std::filesystem::is_symlink(copy / "a.py"));
}

TEST_CASE("what a step changed in its copy can be told") {
  Source source;
  const Tree code = source.tree();
  auto copy = source.take();
  REQUIRE(copy);
  REQUIRE(copy->fill(source.folder / "src", code, source.options));
  CHECK(copy->changes(code, source.options).empty());
  std::ofstream(copy->path() / "log.txt") << "x";
  const auto changes = copy->changes(code, source.options);
  REQUIRE(changes.size() == 1);
  CHECK(changes[0].path == "log.txt");
}

TEST_CASE("a copy that somebody works in is left alone: the next one is beside") {
  Source source;
  const auto first = source.take(), second = source.take();
  REQUIRE(first);
  REQUIRE(second);
  CHECK(first->path() != second->path());
  CHECK(second->path() == source.folder / "aside");
}

TEST_CASE("a source that changes while it is copied is noticed") {
  Source source;
  auto copy = source.take();
  const Tree described = source.tree();
  source.folder.write("src/a.py", "changed since");
  const auto filled = copy->fill(source.folder / "src", described, source.options);
  REQUIRE(filled);
  CHECK_FALSE(*filled);
}
