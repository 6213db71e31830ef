#include "reuse/verify.h"

#include <doctest/doctest.h>

#include "system/blake3.h"
#include "unit/reuse/test_tools.h"

using namespace mlpipe;
using namespace std::chrono_literals;
using test::scan;
using test::TempFolder;

namespace {

struct Published {
  TempFolder folder;
  Store store = Store::open(folder / "store", Store::Access::write).take();
  test::AheadClock clock{3600s};
  DigestIndex index{store.index_path(), clock};
  StepResult result;

  Published() {
    folder.write("rows/a.txt", "1");
    folder.write("rows/b.txt", "2");
    folder.write("model.pt", "weights");
    const Tree rows = scan(folder / "rows"), model = scan(folder / "model.pt");
    result.fingerprint = digest_of("step");
    result.outputs = {{"rows", rows.digest, "", 2, 2}, {"model", model.digest, "model.pt", 1, 7}};
    REQUIRE(store.put_text(rows.digest, to_text(rows)));
    auto slot = store.claim(result.fingerprint, false).take();
    REQUIRE(std::get<Slot>(slot).publish(result, {folder / "rows", folder / "model.pt"}));
  }

  Path rows() const { return store.output_path(result.outputs[0]); }
  Path model() const { return store.output_path(result.outputs[1]); }
  std::string damage() {
    const auto status = verify(store, result, &index);
    REQUIRE_FALSE(status);
    CHECK(status.error().kind == ErrorKind::store);
    return status.error().message;
  }
};

}  // namespace

TEST_CASE("what was published and left alone verifies, with an index and without") {
  Published published;
  CHECK(verify(published.store, published.result, nullptr));
  CHECK(verify(published.store, published.result, &published.index));
  CHECK(verify(published.store, published.result, &published.index));
}

TEST_CASE("damage is told with the output and the file") {
  Published published;
  REQUIRE(verify(published.store, published.result, &published.index));
  SUBCASE("changed with its old mtime") {
    test::edit_with_old_mtime(published.rows() / "a.txt", "9");
    CHECK(published.damage() == "output rows is damaged: a.txt was changed");
  }
  SUBCASE("gone") {
    std::filesystem::remove(published.rows() / "b.txt");
    CHECK(published.damage() == "output rows is damaged: b.txt is gone");
  }
  SUBCASE("several") {
    std::filesystem::remove(published.rows() / "b.txt");
    std::ofstream(published.rows() / "c.txt") << "3";
    CHECK(published.damage() == "output rows is damaged: b.txt is gone and 1 more");
  }
  SUBCASE("the whole object") {
    std::filesystem::remove_all(published.rows());
    CHECK(published.damage().ends_with(" is missing"));
  }
  SUBCASE("the file of a file output") {
    std::ofstream(published.model(), std::ios::trunc) << "WEIGHTS";
    CHECK(published.damage() == "output model is damaged: its file model.pt was changed in the store");
    std::filesystem::remove(published.model());
    CHECK(published.damage().find("model.pt is missing") != std::string::npos);
    std::filesystem::create_directory(published.model());
    CHECK(published.damage().starts_with("output model is damaged"));
  }
}

TEST_CASE("publishing again mends what verify found damaged") {
  Published published;
  std::filesystem::remove(published.rows() / "a.txt");
  REQUIRE_FALSE(verify(published.store, published.result, &published.index));
  auto slot = published.store.claim(published.result.fingerprint, false).take();
  published.store.forget(std::get<Slot>(slot), published.result);
  CHECK_FALSE(published.store.find(published.result.fingerprint));
  published.folder.write("rows/a.txt", "1");
  published.folder.write("rows/b.txt", "2");
  published.folder.write("model.pt", "weights");
  REQUIRE(std::get<Slot>(slot).publish(published.result, {published.folder / "rows", published.folder / "model.pt"}));
  CHECK(verify(published.store, published.result, &published.index));
}
