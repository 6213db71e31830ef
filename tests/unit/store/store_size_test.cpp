#include "store/store_size.h"

#include <doctest/doctest.h>

#include "store/aside.h"
#include "store/room.h"
#include "support/temp_folder.h"
#include "system/blake3.h"

using namespace mlpipe;
using test::TempFolder;

TEST_CASE("the size of a store is measured once and then known") {
  const TempFolder folder;
  const Store store = Store::open(folder / "store", Store::Access::write).take();
  CHECK_FALSE(noted_size(store));
  add_to_size(store, 1000);
  CHECK_FALSE(noted_size(store));  // nothing to add to
  const std::uint64_t first = known_size(store);
  folder.write("store/objects/x/file", std::string(100'000, 'x'));
  CHECK(known_size(store) == first);
  add_to_size(store, 100'000);
  CHECK(known_size(store) == first + 100'000);
  note_size(store, 5);
  CHECK(*noted_size(store) == 5);
}

TEST_CASE("a damaged note is none") {
  const TempFolder folder;
  const Store store = Store::open(folder / "store", Store::Access::write).take();
  for (const char* text : {"", "mlpipe size 12\n", "mlpipe size 0000000000000000001x\n", "mlpipe size -0000000000000000012\n"}) {
    folder.write("store/size", text);
    CHECK_FALSE(noted_size(store));
  }
}

TEST_CASE("what a publication adds is noted") {
  const TempFolder folder;
  const Store store = Store::open(folder / "store", Store::Access::write).take();
  note_size(store, 0);
  for (const char* name : {"one", "another with the same output"}) {
    folder.write("built/file", "text");
    StepResult result;
    result.fingerprint = digest_of(name);
    result.outputs = {{"o", digest_of("tree"), "", 1, 4}};
    auto claim = store.claim(result.fingerprint, false).take();
    REQUIRE(std::get<Slot>(claim).publish(result, {folder / "built"}));
    CHECK(*noted_size(store) == 8192);
  }
}

TEST_CASE("disk_use counts what is below, and nothing for what is not there") {
  const TempFolder folder;
  CHECK(disk_use(folder / "none") == 0);
  folder.write("a/b/c", std::string(50'000, 'x'));
  CHECK(disk_use(folder / "a") >= 50'000);
  CHECK(disk_use(folder / "a") >= disk_use(folder / "a/b/c"));
}

TEST_CASE("a disk has room, but not for everything") {
  const TempFolder folder;
  const Store store = Store::open(folder / "store", Store::Access::write).take();
  CHECK(check_room(store));
  const auto room = check_room(store, std::uint64_t{1} << 62);
  REQUIRE_FALSE(room);
  CHECK(room.error().kind == ErrorKind::store);
  CHECK(room.error().hint.find("mlpipe gc") != std::string::npos);
}

TEST_CASE("a folder aside is swept once its maker is gone, with what it wrote elsewhere") {
  const TempFolder folder;
  const Store store = Store::open(folder / "store", Store::Access::write).take();
  const Path dead = folder / "store/aside/123-abcdef01-0";
  folder.write("store/aside/123-abcdef01-0/file", "x");
  folder.write("store/results/1.tmp-123-abcdef01-7", "x");
  folder.write("store/results/1.tmp-124-abcdef01-7", "x");
  const auto living = AsideFolder::make(store);
  REQUIRE(living);
  CHECK(dead_asides(store) == std::vector<Path>{dead});
  sweep_asides(store);
  CHECK_FALSE(exists(dead));
  CHECK_FALSE(exists(folder / "store/results/1.tmp-123-abcdef01-7"));
  CHECK(exists(folder / "store/results/1.tmp-124-abcdef01-7"));
  CHECK(exists(living->path()));
}
