#include "upkeep/exchange.h"

#include <doctest/doctest.h>
#include <fcntl.h>

#include "reuse/scan.h"
#include "store/records.h"
#include "support/temp_folder.h"
#include "system/blake3.h"
#include "upkeep/other_stores.h"
#include "upkeep/proof.h"

using namespace mlpipe;
using test::TempFolder;

namespace {

struct Stores {
  TempFolder folder;
  Store ours = Store::open(folder / "ours", Store::Access::write).take(), theirs = Store::open(folder / "theirs", Store::Access::write).take();
  Path archive = folder / "archive";

  Digest publish(const Store& store, const std::string& step, const std::string& content, const std::string& file = "") {
    folder.write(file.empty() ? "built/file" : "built", content);
    const Tree tree = scan_tree(folder / "built").take();
    StepResult result;
    result.fingerprint = digest_of(step);
    result.step = step;
    result.outputs = {{"o", tree.digest, file, 1, tree.bytes}};
    auto claim = store.claim(result.fingerprint, false).take();
    REQUIRE(std::get<Slot>(claim).publish(result, {folder / "built"}));
    return result.fingerprint;
  }

  Exchanged exports(const std::vector<Digest>& fingerprints) {
    const Fd fd = open_file(archive, O_WRONLY | O_CREAT | O_TRUNC).take();
    return export_results(theirs, fingerprints, ArchiveWriter::open(fd.get(), archive).take()).take();
  }

  Imported imports() {
    const Fd fd = open_file(archive, O_RDONLY).take();
    return import_results(ours, ArchiveReader::open(fd.get(), archive).take()).take();
  }

  void write_archive(const std::vector<std::pair<std::string, std::string>>& entries) {
    const Fd fd = open_file(archive, O_WRONLY | O_CREAT | O_TRUNC).take();
    auto writer = ArchiveWriter::open(fd.get(), archive).take();
    for (const auto& [name, text] : entries) REQUIRE(writer.add_text(name, text));
    REQUIRE(writer.close());
  }
};

const std::pair<std::string, std::string> label{"mlpipe-cache.json", R"({"mlpipe cache":1,"results":1})"};

}  // namespace

TEST_CASE("results come with their outputs; those that share one, too; a second time nothing is new") {
  Stores stores;
  const Digest a = stores.publish(stores.theirs, "a", "same"), b = stores.publish(stores.theirs, "b", "same"), f = stores.publish(stores.theirs, "f", "text", "f.txt");
  const auto exported = stores.exports({a, b, f, digest_of("none")});
  CHECK(exported.results == 3);
  CHECK(exported.notices.size() == 1);
  const Imported first = stores.imports(), second = stores.imports();
  CHECK(first.status);
  CHECK(first.exchanged.added == 3);
  CHECK(second.exchanged.results == 3);
  CHECK(second.exchanged.added == 0);
  for (const Digest& fingerprint : {a, b, f}) REQUIRE(stores.ours.find(fingerprint));
  CHECK(test::read(stores.ours.output_path(stores.ours.find(f)->outputs[0])) == "text");
  CHECK(list_folder(stores.ours.root() / "aside")->empty());
}

TEST_CASE("a result whose outputs are missing here is taken again") {
  Stores stores;
  const Digest a = stores.publish(stores.theirs, "a", "text");
  stores.exports({a});
  REQUIRE(stores.imports().exchanged.added == 1);
  std::filesystem::remove_all(stores.ours.output_path(stores.ours.find(a)->outputs[0]));
  CHECK(stores.imports().exchanged.added == 1);
  CHECK(exists(stores.ours.output_path(stores.ours.find(a)->outputs[0])));
}

TEST_CASE("an archive that is not ours, or newer, is refused") {
  Stores stores;
  stores.write_archive({{"mlpipe-cache.json", R"({"mlpipe cache":2})"}});
  CHECK(stores.imports().status.error().message.find("has format 2") != std::string::npos);
  for (const char* text : {"", "{", "[]", "{}", R"({"mlpipe cache":"1"})"}) {
    stores.write_archive({{"mlpipe-cache.json", text}});
    CHECK_FALSE(stores.imports().status);
  }
  stores.write_archive({{"something", "else"}});
  CHECK_FALSE(stores.imports().status);
}

TEST_CASE("a result that leads out of its object, has no output or other bytes is left out") {
  Stores stores;
  const auto precious = stores.folder.write("precious", "mine");
  StepResult result;
  result.fingerprint = digest_of("x");
  result.step = "x";
  result.outputs = {{"o", scan_tree(precious)->digest, "../../../../precious", 1, 4}};
  const std::string name = "results/" + result.fingerprint.hex();
  stores.write_archive({label, {name, sealed(encode(result))}});
  Imported imported = stores.imports();
  CHECK(imported.exchanged.notices.size() == 1);
  CHECK_FALSE(stores.ours.find(result.fingerprint));
  CHECK(test::read(precious) == "mine");

  result.outputs[0].file = "";
  stores.write_archive({label, {name, sealed(encode(result))}});
  CHECK(stores.imports().exchanged.added == 0);
  stores.write_archive({label, {"objects/" + result.outputs[0].tree.hex() + "/file", "other bytes"}, {name, sealed(encode(result))}});
  CHECK(stores.imports().exchanged.added == 0);
  CHECK_FALSE(stores.ours.find(result.fingerprint));
  // A record under a name that is not its own.
  stores.write_archive({label, {"results/" + digest_of("y").hex(), sealed(encode(result))}});
  CHECK_FALSE(stores.imports().status);
}

TEST_CASE("an archive that has fewer results than it says is not whole") {
  Stores stores;
  stores.write_archive({label});
  CHECK_FALSE(stores.imports().status);
}

TEST_CASE("a result of another store becomes ours, unless it is damaged") {
  Stores stores;
  const Digest good = stores.publish(stores.theirs, "good", "text", "f"), bad = stores.publish(stores.theirs, "bad", "other");
  stores.folder.write(stores.theirs.output_path(stores.theirs.find(bad)->outputs[0]) / "file", "changed");
  const OtherStores others({stores.folder / "nowhere", stores.theirs.root()});
  CHECK(others.notices().size() == 1);
  for (const auto& [fingerprint, whole] : {std::pair(good, true), std::pair(bad, false)}) {
    const auto found = others.find(fingerprint);
    REQUIRE(found.size() == 1);
    auto claim = stores.ours.claim(fingerprint, true).take();
    CHECK(static_cast<bool>(borrow(found[0], stores.ours, std::get<Slot>(claim), stores.folder / "work")) == whole);
    CHECK(stores.ours.find(fingerprint).has_value() == whole);
  }
  CHECK(others.find(digest_of("none")).empty());
}

TEST_CASE("a store is proved: what is damaged is named, what is whole counted") {
  Stores stores;
  const Digest good = stores.publish(stores.ours, "good", "text"), bad = stores.publish(stores.ours, "bad", "other");
  stores.folder.write(stores.ours.output_path(stores.ours.find(bad)->outputs[0]) / "file", "changed");
  stores.folder.write("ours/runs/20261123-001530-123/record.jsonl", "{\"record\":\"run\",\"spec\":\"/p.yaml\"}\ngarbage\n{\"torn");
  stores.folder.write("ours/aside/1-2-3/file", "x");
  const auto proof = prove(stores.ours);
  REQUIRE(proof);
  CHECK(proof->results == 2);
  CHECK(proof->objects == 1);
  CHECK(proof->runs == 1);
  std::string all;
  for (const Damage& damage : proof->damages) all += damage.what + "\n";
  CHECK(all.find("(bad): output o is damaged") != std::string::npos);
  CHECK(all.find("record.jsonl: line 2 cannot be read") != std::string::npos);
  CHECK(all.find("aside/1-2-3 was left") != std::string::npos);
  CHECK(all.find("the manifest of results/" + good.hex()) != std::string::npos);
  CHECK(all.find("the manifest of results/" + bad.hex()) != std::string::npos);
  CHECK(proof->damages.size() == 5);
}
