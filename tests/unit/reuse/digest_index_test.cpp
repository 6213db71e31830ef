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

// Overwrites the digest of a known file in its index, so that a scan shows whether it trusted the index or read the file.
struct Trust {
  explicit Trust(const TempFolder& folder) : store(folder / "index") {}

  bool of(const Path& root, DigestIndex& index) const {
    RootIndex poisoned = index.load(root);
    RootIndex out;
    const Digest fake = digest_of("not what the file holds");
    for (const TreeEntry& entry : scan(root).entries) {
      const StatKey key = StatKey::of(test::stat_of(entry.path.empty() ? root : root / entry.path));
      if (const auto known = poisoned.find(entry.path, key)) out.put(entry.path, key, {known->indexed_ns, fake});
    }
    index.save(root, std::move(out));
    return scan(root, {nullptr, "", &index}).entries.front().digest == fake;
  }

  Path store;
};

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
  CHECK(Trust(folder).of(folder / "root", index));
}

TEST_CASE("a file changed less than two seconds before it was indexed is read again") {
  const TempFolder folder;
  const Path file = folder.write("root/a", "1");
  DigestIndex index(folder / "index");
  const Digest before = scan(folder / "root", {nullptr, "", &index}).digest;
  CHECK_FALSE(Trust(folder).of(folder / "root", index));
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
  CHECK(Trust(folder).of(folder / "root", later));
}

TEST_CASE("a file with a time in the future is always read") {
  const TempFolder folder;
  const Path file = folder.write("root/a", "1");
  const timespec future[2] = {{4'000'000'000, 0}, {4'000'000'000, 0}};
  REQUIRE(::utimensat(AT_FDCWD, file.c_str(), future, 0) == 0);
  DigestIndex index(folder / "index", an_hour_ahead);
  scan(folder / "root", {nullptr, "", &index});
  CHECK_FALSE(Trust(folder).of(folder / "root", index));
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
  CHECK(after.entries[0].digest == digest_of("two"));
}

TEST_CASE("files that come and go between known ones are found and forgotten") {
  const TempFolder folder;
  for (const char* name : {"b", "d/x", "f"}) folder.write(Path("root") / name, name);
  DigestIndex index(folder / "index", an_hour_ahead);
  scan(folder / "root", {nullptr, "", &index});
  std::filesystem::remove(folder / "root/d/x");
  for (const char* name : {"a", "c", "d/w", "g"}) folder.write(Path("root") / name, name);
  CHECK(scan(folder / "root", {nullptr, "", &index}).entries == scan(folder / "root").entries);
  CHECK(scan(folder / "root", {nullptr, "", &index}).entries == scan(folder / "root").entries);
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
  CHECK(scan(folder / "root", {nullptr, "*.csv", &index}).entries.size() == 1);
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
  const StatKey key = StatKey::of(test::stat_of(folder / "root/a"));
  REQUIRE(index.load(folder / "root").find("a", key));
  const auto put = [&](const std::string& bytes) {
    std::filesystem::remove(file);  // truncating in place would make the file system write at once
    std::ofstream(file, std::ios::binary) << bytes;
  };
  for (std::size_t byte = 0; byte < whole.size(); ++byte) {
    std::string damaged = whole;
    damaged[byte] = static_cast<char>(damaged[byte] ^ (1 << byte % 8));
    put(damaged);
    REQUIRE_FALSE(index.load(folder / "root").find("a", key));
  }
  for (std::size_t size = 0; size < whole.size(); ++size) {
    put(whole.substr(0, size));
    REQUIRE_FALSE(index.load(folder / "root").find("a", key));
  }
  CHECK(scan(folder / "root", {nullptr, "", &index}).digest == wanted);
  CHECK(index.load(folder / "root").find("a", key));
}

TEST_CASE("an index that cannot be written costs nothing but time") {
  const TempFolder folder;
  folder.write("root/a", "1");
  folder.write("index", "a file stands here");
  DigestIndex index(folder / "index", an_hour_ahead);
  CHECK(scan(folder / "root", {nullptr, "", &index}).digest == scan(folder / "root").digest);
}
