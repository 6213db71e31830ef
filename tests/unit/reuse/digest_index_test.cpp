#include "reuse/digest_index.h"

#include <doctest/doctest.h>

#include "system/blake3.h"
#include "unit/reuse/test_tools.h"

using namespace mlpipe;
using namespace std::chrono_literals;
using test::AheadClock;
using test::scan;
using test::TempFolder;

namespace {

const AheadClock an_hour_ahead(3600s);

// How many files a scan reads: with an index only those that it cannot be sure of.
std::uint64_t reads_of(const Path& root, DigestIndex& index) {
  const std::uint64_t before = files_read();
  scan(root, {nullptr, "", &index});
  return files_read() - before;
}

Path only_file_in(const Path& folder) {
  const auto names = list_folder(folder);
  REQUIRE(names);
  REQUIRE(names->size() == 1);
  return folder / names->front();
}

}  // namespace

TEST_CASE("an old enough file is not read again") {
  const TempFolder folder;
  folder.write("root/a", "1");
  DigestIndex index(folder / "index", an_hour_ahead);
  scan(folder / "root", {nullptr, "", &index});
  CHECK(reads_of(folder / "root", index) == 0);
}

TEST_CASE("a file changed less than two seconds before it was indexed is read again") {
  const TempFolder folder;
  const Path file = folder.write("root/a", "1");
  DigestIndex index(folder / "index");
  const Digest before = scan(folder / "root", {nullptr, "", &index}).digest;
  CHECK(reads_of(folder / "root", index) == 1);
  // A second edit within the granularity of the file system's clock may leave the stat data as they are.
  std::ofstream(file, std::ios::trunc) << "2";
  CHECK(scan(folder / "root", {nullptr, "", &index}).digest != before);
}

TEST_CASE("a file that has left the racy window enters the index") {
  const TempFolder folder;
  folder.write("root/a", "1");
  DigestIndex now(folder / "index"), later(folder / "index", an_hour_ahead);
  scan(folder / "root", {nullptr, "", &now});
  scan(folder / "root", {nullptr, "", &later});
  CHECK(reads_of(folder / "root", later) == 0);
}

TEST_CASE("a file with a time in the future is always read") {
  const TempFolder folder;
  const Path file = folder.write("root/a", "1");
  const timespec future[2] = {{4'000'000'000, 0}, {4'000'000'000, 0}};
  REQUIRE(::utimensat(AT_FDCWD, file.c_str(), future, 0) == 0);
  DigestIndex index(folder / "index", an_hour_ahead);
  scan(folder / "root", {nullptr, "", &index});
  CHECK(reads_of(folder / "root", index) == 1);
}

TEST_CASE("touching keeps the digest, an edit with the old mtime changes it") {
  const TempFolder folder;
  const Path file = folder.write("root/a", "one");
  folder.write("root/b", "other");
  DigestIndex index(folder / "index", an_hour_ahead);
  const Digest before = scan(folder / "root", {nullptr, "", &index}).digest;
  REQUIRE(::utimensat(AT_FDCWD, file.c_str(), nullptr, 0) == 0);
  CHECK(scan(folder / "root", {nullptr, "", &index}).digest == before);
  test::edit_with_old_mtime(file, "two");
  const Tree after = scan(folder / "root", {nullptr, "", &index});
  CHECK(after.digest != before);
  CHECK(after.entries()[0].digest == digest_of("two"));
}

TEST_CASE("files that come and go between known ones are found and forgotten") {
  const TempFolder folder;
  for (const char* name : {"b", "d/x", "f"}) folder.write(Path("root") / name, name);
  DigestIndex index(folder / "index", an_hour_ahead);
  scan(folder / "root", {nullptr, "", &index});
  std::filesystem::remove(folder / "root/d/x");
  for (const char* name : {"a", "c", "d/w", "g"}) folder.write(Path("root") / name, name);
  CHECK(scan(folder / "root", {nullptr, "", &index}).entries() == scan(folder / "root").entries());
  CHECK(scan(folder / "root", {nullptr, "", &index}).entries() == scan(folder / "root").entries());
}

TEST_CASE("a moved root has the same digest, and an index of its own") {
  const TempFolder folder;
  folder.write("one/a", "1");
  DigestIndex index(folder / "index", an_hour_ahead);
  const Digest before = scan(folder / "one", {nullptr, "", &index}).digest;
  std::filesystem::rename(folder / "one", folder / "two");
  CHECK(scan(folder / "two", {nullptr, "", &index}).digest == before);
  CHECK(list_folder(folder / "index")->size() == 2);
}

TEST_CASE("scans by pattern keep their own digests") {
  const TempFolder folder;
  folder.write("root/a.csv", "1");
  folder.write("root/b.txt", "2");
  DigestIndex index(folder / "index", an_hour_ahead);
  scan(folder / "root", {nullptr, "", &index});
  scan(folder / "root", {nullptr, "*.csv", &index});
  CHECK(list_folder(folder / "index")->size() == 2);
  CHECK(scan(folder / "root", {nullptr, "*.csv", &index}).entries().size() == 1);
}

TEST_CASE("an unchanged scan writes nothing") {
  const TempFolder folder;
  folder.write("root/a", "1");
  DigestIndex index(folder / "index", an_hour_ahead);
  scan(folder / "root", {nullptr, "", &index});
  const auto before = test::stat_of(only_file_in(folder / "index"));
  scan(folder / "root", {nullptr, "", &index});
  CHECK(test::stat_of(only_file_in(folder / "index")).st_ino == before.st_ino);
}

TEST_CASE("an index with a bit flipped anywhere, or cut, is ignored") {
  const TempFolder folder;
  folder.write("root/a", "1");
  folder.write("root/b", "2");
  DigestIndex index(folder / "index", an_hour_ahead);
  const Digest wanted = scan(folder / "root", {nullptr, "", &index}).digest;
  const Path file = only_file_in(folder / "index");
  const std::string whole = test::read(file);
  REQUIRE(index.load(folder / "root"));
  const auto put = [&](const std::string& bytes) {
    std::filesystem::remove(file);  // truncating in place would make the file system write at once
    std::ofstream(file, std::ios::binary) << bytes;
  };
  for (std::size_t byte = 0; byte < whole.size(); ++byte) {
    std::string damaged = whole;
    damaged[byte] = static_cast<char>(damaged[byte] ^ (1 << byte % 8));
    put(damaged);
    REQUIRE_FALSE(index.load(folder / "root"));
  }
  for (std::size_t size = 0; size < whole.size(); ++size) {
    put(whole.substr(0, size));
    REQUIRE_FALSE(index.load(folder / "root"));
  }
  CHECK(scan(folder / "root", {nullptr, "", &index}).digest == wanted);
  CHECK(index.load(folder / "root"));
}

TEST_CASE("an index that cannot be written costs nothing but time") {
  const TempFolder folder;
  folder.write("root/a", "1");
  folder.write("index", "a file stands here");
  DigestIndex index(folder / "index", an_hour_ahead);
  CHECK(scan(folder / "root", {nullptr, "", &index}).digest == scan(folder / "root").digest);
}

TEST_CASE("of a root with one changed file one file is read") {
  const TempFolder folder;
  for (int i = 0; i < 300; ++i) folder.write(Path("root") / std::to_string(i % 3) / std::to_string(i), "same");
  DigestIndex index(folder / "index", an_hour_ahead);
  scan(folder / "root", {nullptr, "", &index});
  test::edit_with_old_mtime(folder / "root/1/100", "diff");
  CHECK(reads_of(folder / "root", index) == 1);
  folder.write("root/2/new", "more");
  CHECK(reads_of(folder / "root", index) == 1);
  CHECK(reads_of(folder / "root", index) == 0);
  CHECK(scan(folder / "root", {nullptr, "", &index}).entries() == scan(folder / "root").entries());
}

TEST_CASE("verify reads every file, and renews the index") {
  const TempFolder folder;
  folder.write("root/a", "1");
  folder.write("root/b", "2");
  DigestIndex index(folder / "index", an_hour_ahead);
  scan(folder / "root", {nullptr, "", &index});
  ScanOptions options{nullptr, "", &index};
  options.verify = true;
  const std::uint64_t before = files_read();
  scan(folder / "root", options);
  CHECK(files_read() - before == 2);
  CHECK(reads_of(folder / "root", index) == 0);
}

TEST_CASE("changed ignore rules list folders anew, but read no known file") {
  const TempFolder folder;
  for (const char* name : {"root/a.py", "root/b.log", "root/sub/c.py"}) folder.write(name, name);
  DigestIndex index(folder / "index", an_hour_ahead);
  scan(folder / "root", {nullptr, "", &index});
  IgnoreRules rules;
  rules.add_lines("*.log\n");
  const std::uint64_t before = files_read();
  CHECK(scan(folder / "root", {&rules, "", &index}).entries() == scan(folder / "root", {&rules}).entries());
  CHECK(files_read() - before == 2);  // those of the scan without an index
}

TEST_CASE("an exchanged link, a new store and an ignored link that leads elsewhere are noticed") {
  const TempFolder folder;
  folder.write("one/x", "1");
  folder.write("two/x", "2");
  folder.write("root/below/format", "mlpipe stone 1\n");
  folder.write("root/below/y", "3");
  std::filesystem::create_symlink(folder / "one", folder / "way");
  std::filesystem::create_directory_symlink(folder / "way", folder / "root/link");
  DigestIndex index(folder / "index", an_hour_ahead);
  const auto agree = [&] { return scan(folder / "root", {nullptr, "", &index}).entries() == scan(folder / "root").entries(); };
  CHECK(agree());
  std::filesystem::remove(folder / "way");
  std::filesystem::create_symlink(folder / "two", folder / "way");
  CHECK(agree());
  test::edit_with_old_mtime(folder / "root/below/format", "mlpipe store 1\n");
  CHECK(agree());
  CHECK(scan(folder / "root").entries().size() == 1);
  test::edit_with_old_mtime(folder / "root/below/format", "mlpipe stone 1\n");
  CHECK(agree());
  CHECK(scan(folder / "root").entries().size() == 3);
}

TEST_CASE("folders and files that swap their kinds are noticed") {
  const TempFolder folder;
  folder.write("root/a", "1");
  folder.write("root/b/c", "2");
  DigestIndex index(folder / "index", an_hour_ahead);
  scan(folder / "root", {nullptr, "", &index});
  std::filesystem::remove(folder / "root/a");
  std::filesystem::remove_all(folder / "root/b");
  folder.write("root/a/c", "2");
  folder.write("root/b", "1");
  CHECK(scan(folder / "root", {nullptr, "", &index}).entries() == scan(folder / "root").entries());
  std::filesystem::remove_all(folder / "root");
  folder.write("root", "now a file");
  CHECK(scan(folder / "root", {nullptr, "", &index}).is_file);
  CHECK(reads_of(folder / "root", index) == 0);
  std::filesystem::remove(folder / "root");
  folder.write("root/again", "a folder");
  CHECK_FALSE(scan(folder / "root", {nullptr, "", &index}).is_file);
}

TEST_CASE("several roots are scanned as each alone") {
  const TempFolder folder;
  for (int i = 0; i < 200; ++i) folder.write(Path(std::to_string(i % 5)) / std::to_string(i), std::string(static_cast<std::size_t>(i) * 50, 'x'));
  DigestIndex index(folder / "index", an_hour_ahead);
  std::vector<ScanRequest> requests;
  for (int i = 0; i < 6; ++i) requests.push_back({folder / std::to_string(i), {nullptr, "", &index}});
  for (int round = 0; round < 2; ++round) {
    const auto trees = scan_trees(requests, 4);
    for (int i = 0; i < 5; ++i) CHECK(trees[i]->entries() == scan(requests[i].root).entries());
    CHECK_FALSE(trees[5]);
  }
}
