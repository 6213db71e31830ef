#include "store/store.h"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "support/temp_folder.h"
#include "system/blake3.h"

using namespace mlpipe;
using test::TempFolder;

namespace {

Store make_store(const TempFolder& folder) { return Store::open(folder / "store", Store::Access::write).take(); }

StepResult result_of(const Digest& fingerprint, std::vector<StoredOutput> outputs) {
  StepResult result;
  result.fingerprint = fingerprint;
  result.step = "train";
  result.run_id = "20261123-001530-123";
  result.finished = parse_utc("2026-11-23T00:15:31.500Z");
  result.took = Seconds(1.25);
  result.outputs = std::move(outputs);
  return result;
}

Slot slot_of(const Store& store, const Digest& fingerprint) {
  auto claim = store.claim(fingerprint, false);
  REQUIRE(claim);
  REQUIRE(std::holds_alternative<Slot>(*claim));
  return std::get<Slot>(claim.take());
}

// Runs `body` in a process of its own until it is killed; `body` says through the pipe that it is ready.
pid_t start_child(const std::function<void(int ready)>& body) {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::close(ends[0]);
    body(ends[1]);
    ::_exit(0);
  }
  ::close(ends[1]);
  char byte;
  REQUIRE(::read(ends[0], &byte, 1) == 1);
  ::close(ends[0]);
  return pid;
}

void hold_slot(const Store& store, const Digest& fingerprint, int ready) {
  auto claim = store.claim(fingerprint, false);
  const char byte = claim && std::holds_alternative<Slot>(*claim) ? '1' : '0';
  if (::write(ready, &byte, 1) == 1) ::pause();
}

}  // namespace

TEST_CASE("an absent store reads as an empty one and is not made") {
  const TempFolder folder;
  const auto store = Store::open(folder / "none", Store::Access::read);
  REQUIRE(store);
  CHECK_FALSE(store->find(digest_of("x")));
  CHECK_FALSE(exists(folder / "none"));
}

TEST_CASE("a new store ignores itself for git and says its format") {
  const TempFolder folder;
  make_store(folder);
  CHECK(test::read(folder / "store/.gitignore") == "*\n");
  CHECK(test::read(folder / "store/format") == "mlpipe store 1\n");
  CHECK(Store::open(folder / "store", Store::Access::write));
}

TEST_CASE("a store of a newer format is refused") {
  const TempFolder folder;
  folder.write("store/format", "mlpipe store 2\n");
  for (const auto access : {Store::Access::read, Store::Access::write}) {
    const auto store = Store::open(folder / "store", access);
    REQUIRE_FALSE(store);
    CHECK(store.error().kind == ErrorKind::store);
    CHECK(store.error().message.find("has format 2") != std::string::npos);
  }
}

TEST_CASE("a folder of somebody else is refused and stays as it is") {
  const TempFolder folder;
  folder.write("store/thesis.txt", "mine");
  const auto store = Store::open(folder / "store", Store::Access::write);
  REQUIRE_FALSE(store);
  CHECK(store.error().message.find("is not a store of mlpipe") != std::string::npos);
  CHECK_FALSE(exists(folder / "store/format"));
  folder.write("store/format", "pdf 1.4");
  CHECK_FALSE(Store::open(folder / "store", Store::Access::read));
}

TEST_CASE("what a killed maker of a store left does not hinder the next") {
  const TempFolder folder;
  folder.write("store/.gitignore", "");
  folder.write("store/format.tmp-123-0", "mlp");
  CHECK(Store::open(folder / "store", Store::Access::write));
}

TEST_CASE("a result is found again with all that it holds") {
  const TempFolder folder;
  const Store store = make_store(folder);
  const Digest fingerprint = digest_of("a step"), tree = digest_of("a tree");
  folder.write("built/model.pt", "weights");
  StepResult result = result_of(fingerprint, {{"model", tree, "model.pt", 1, 7}});
  result.counts = {5, 1, 50, 2, 48};
  result.unfingerprinted = {{"process_count_per_node", "2"}};
  result.sample = true;
  REQUIRE(slot_of(store, fingerprint).publish(result, {folder / "built/model.pt"}));

  const auto found = store.find(fingerprint);
  REQUIRE(found);
  CHECK(found->step == "train");
  CHECK(found->run_id == result.run_id);
  CHECK(found->finished == result.finished);
  CHECK(found->took.count() == 1.25);
  REQUIRE(found->outputs.size() == 1);
  CHECK(found->outputs[0].tree == tree);
  CHECK(found->outputs[0].bytes == 7);
  CHECK(found->counts.failed_items == 2);
  CHECK(found->unfingerprinted == result.unfingerprinted);
  CHECK(found->sample);
  CHECK(test::read(store.output_path(found->outputs[0])) == "weights");
  CHECK(store.output_path(found->outputs[0]).filename() == "model.pt");
  CHECK_FALSE(exists(folder / "built/model.pt"));
}

TEST_CASE("a claim of a published fingerprint is a hit, unless no hit is wanted") {
  const TempFolder folder;
  const Store store = make_store(folder);
  const Digest fingerprint = digest_of("a step");
  REQUIRE(slot_of(store, fingerprint).publish(result_of(fingerprint, {}), {}));
  CHECK(std::holds_alternative<Hit>(*store.claim(fingerprint, true)));
  CHECK(std::holds_alternative<Slot>(*store.claim(fingerprint, false)));
}

TEST_CASE("a fingerprint has one slot at a time") {
  const TempFolder folder;
  const Store store = make_store(folder);
  {
    const Slot slot = slot_of(store, digest_of("a"));
    CHECK(std::holds_alternative<Busy>(*store.claim(digest_of("a"), true)));
    CHECK(std::holds_alternative<Slot>(*store.claim(digest_of("b"), true)));
  }
  CHECK(std::holds_alternative<Slot>(*store.claim(digest_of("a"), true)));
}

TEST_CASE("a slot of another process is busy until kill -9 of its holder") {
  const TempFolder folder;
  const Store store = make_store(folder);
  const Digest fingerprint = digest_of("a");
  const pid_t holder = start_child([&](int ready) { hold_slot(store, fingerprint, ready); });
  CHECK(std::holds_alternative<Busy>(*store.claim(fingerprint, true)));
  ::kill(holder, SIGKILL);
  ::waitpid(holder, nullptr, 0);
  CHECK(std::holds_alternative<Slot>(*store.claim(fingerprint, true)));
}

TEST_CASE("publishing equal content again keeps the object that stands") {
  const TempFolder folder;
  const Store store = make_store(folder);
  const StoredOutput output{"rows", digest_of("tree"), "", 1, 4};
  folder.write("one/a/rows.txt", "rows");
  folder.write("two/a/rows.txt", "rows");
  REQUIRE(slot_of(store, digest_of("1")).publish(result_of(digest_of("1"), {output}), {folder / "one"}));
  struct stat first, second;
  REQUIRE(::stat((store.output_path(output) / "a/rows.txt").c_str(), &first) == 0);
  REQUIRE(slot_of(store, digest_of("2")).publish(result_of(digest_of("2"), {output}), {folder / "two"}));
  REQUIRE(::stat((store.output_path(output) / "a/rows.txt").c_str(), &second) == 0);
  CHECK(first.st_ino == second.st_ino);
  CHECK_FALSE(exists(folder / "two"));
}

TEST_CASE("publishing replaces a damaged object") {
  const TempFolder folder;
  const Store store = make_store(folder);
  const StoredOutput output{"rows", digest_of("tree"), "", 1, 4};
  const Path object = store.output_path(output);
  const auto publish = [&] {
    folder.write("built/rows.txt", "rows");
    REQUIRE(slot_of(store, digest_of("1")).publish(result_of(digest_of("1"), {output}), {folder / "built"}));
    CHECK(test::read(object / "rows.txt") == "rows");
    CHECK(list_folder(object).take() == std::vector<std::string>{"rows.txt"});
    CHECK_FALSE(exists(folder / "built"));
    CHECK(list_folder(object.parent_path())->size() == 1);
  };
  publish();
  SUBCASE("changed in place") { std::ofstream(object / "rows.txt") << "ROWS"; }
  SUBCASE("a file is gone") { std::filesystem::remove(object / "rows.txt"); }
  SUBCASE("a file came") { std::ofstream(object / "more.txt") << "x"; }
  SUBCASE("a file became executable") { ::chmod((object / "rows.txt").c_str(), 0755); }
  SUBCASE("gone") { std::filesystem::remove_all(object); }
  SUBCASE("a file stands in its place") {
    std::filesystem::remove_all(object);
    std::ofstream{object} << "x";
  }
  SUBCASE("read-only") {
    std::filesystem::remove(object / "rows.txt");
    ::chmod(object.c_str(), 0555);
  }
  publish();
}

TEST_CASE("file outputs of one content and several names do not meet") {
  const TempFolder folder;
  const Store store = make_store(folder);
  const StoredOutput a{"a", digest_of("t"), "a.pt", 1, 1}, b{"b", digest_of("t"), "b.pt", 1, 1}, whole{"c", digest_of("t"), "", 1, 1};
  CHECK(store.object_path(a) != store.object_path(b));
  CHECK(store.object_path(a) != store.object_path(whole));
  folder.write("built/a.pt", "x");
  folder.write("built/b.pt", "x");
  REQUIRE(slot_of(store, digest_of("1")).publish(result_of(digest_of("1"), {a, b}), {folder / "built/a.pt", folder / "built/b.pt"}));
  CHECK(test::read(store.output_path(a)) == "x");
  CHECK(test::read(store.output_path(b)) == "x");
}

TEST_CASE("links in outputs become copies, so that nothing breaks when what they point to goes") {
  const TempFolder folder;
  const Store store = make_store(folder);
  folder.write("outside/data.txt", "data");
  folder.write("outside/sub/more.txt", "more");
  folder.write("built/own.txt", "own");
  std::filesystem::create_symlink("../outside/data.txt", folder / "built/link.txt");
  std::filesystem::create_directory_symlink(folder / "outside/sub", folder / "built/sub");
  std::filesystem::create_symlink("outside/data.txt", folder / "file-link.txt");
  const StoredOutput output{"rows", digest_of("tree"), "", 3, 4}, file{"one", digest_of("f"), "one.txt", 1, 4};
  REQUIRE(slot_of(store, digest_of("1")).publish(result_of(digest_of("1"), {output, file}), {folder / "built", folder / "file-link.txt"}));
  std::filesystem::remove_all(folder / "outside");
  CHECK(test::read(store.output_path(output) / "link.txt") == "data");
  CHECK(test::read(store.output_path(output) / "sub/more.txt") == "more");
  CHECK(test::read(store.output_path(file)) == "data");
}

TEST_CASE("an output that cannot be published leaves no result") {
  const TempFolder folder;
  const Store store = make_store(folder);
  const Digest fingerprint = digest_of("1");
  CHECK_FALSE(slot_of(store, fingerprint).publish(result_of(fingerprint, {{"rows", digest_of("t"), "", 0, 0}}), {folder / "never-built"}));
  CHECK_FALSE(store.find(fingerprint));
}

TEST_CASE("an empty output folder is published, also twice in one result") {
  const TempFolder folder;
  const Store store = make_store(folder);
  std::filesystem::create_directories(folder / "a");
  std::filesystem::create_directories(folder / "b");
  const StoredOutput a{"a", digest_of("empty"), "", 0, 0}, b{"b", digest_of("empty"), "", 0, 0};
  REQUIRE(slot_of(store, digest_of("1")).publish(result_of(digest_of("1"), {a, b}), {folder / "a", folder / "b"}));
  CHECK(is_folder(store.output_path(a)));
}

TEST_CASE("a damaged result record is no result") {
  const TempFolder folder;
  const Store store = make_store(folder);
  const Digest fingerprint = digest_of("1");
  REQUIRE(slot_of(store, fingerprint).publish(result_of(fingerprint, {{"a", digest_of("t"), "", 0, 0}}), {(std::filesystem::create_directory(folder / "a"), folder / "a")}));
  const Path record = store.root() / "results" / fingerprint.hex();
  const std::string whole = test::read(record);
  for (const std::string& text : {std::string(), std::string("{"), std::string("[1,2]"), std::string("null"), whole.substr(0, whole.size() / 2),
                                  std::string(R"({"fingerprint":5,"outputs":"x"})"), std::string(5000, '[')}) {
    std::ofstream(record, std::ios::trunc) << text;
    CAPTURE(text);
    CHECK_FALSE(store.find(fingerprint));
    CHECK(std::holds_alternative<Slot>(*store.claim(fingerprint, true)));
  }
  std::ofstream(record, std::ios::trunc) << whole;
  CHECK(store.find(fingerprint));
  CHECK_FALSE(store.find(digest_of("2")));
}

TEST_CASE("a record under the name of another fingerprint is no result") {
  const TempFolder folder;
  const Store store = make_store(folder);
  const Digest one = digest_of("1"), two = digest_of("2");
  REQUIRE(slot_of(store, one).publish(result_of(one, {}), {}));
  const auto path = [&](const Digest& digest) { return store.root() / "results" / digest.hex(); };
  std::filesystem::create_directories(path(two).parent_path());
  std::filesystem::copy_file(path(one), path(two));
  CHECK_FALSE(store.find(two));
}

TEST_CASE("a forgotten result is run again") {
  const TempFolder folder;
  const Store store = make_store(folder);
  const Digest fingerprint = digest_of("1");
  REQUIRE(slot_of(store, fingerprint).publish(result_of(fingerprint, {}), {}));
  {
    const Slot slot = slot_of(store, fingerprint);
    store.forget(slot, *store.find(fingerprint));
  }
  CHECK(std::holds_alternative<Slot>(*store.claim(fingerprint, true)));
}

TEST_CASE("texts are kept as they were first put, and what a power cut emptied is put again") {
  const TempFolder folder;
  const Store store = make_store(folder);
  const Digest name = digest_of("n");
  CHECK_FALSE(store.has_text(name));
  CHECK_FALSE(store.get_text(name));
  REQUIRE(store.put_text(name, "one"));
  REQUIRE(store.put_text(name, "two"));
  CHECK(*store.get_text(name) == "one");
  std::ofstream(store.root() / "texts" / name.hex(), std::ios::trunc).flush();
  CHECK_FALSE(store.has_text(name));
  REQUIRE(store.put_text(name, "one"));
  CHECK(*store.get_text(name) == "one");
}

TEST_CASE("kill -9 at any moment of publishing leaves no result or a whole one") {
  const TempFolder folder;
  const Store store = make_store(folder);
  for (int round = 0; round < 60; ++round) {
    const Digest fingerprint = digest_of("round " + std::to_string(round)), tree = digest_of("tree " + std::to_string(round));
    const Path built = folder / ("built" + std::to_string(round));
    for (int i = 0; i < 4; ++i) folder.write(built / std::to_string(i), std::string(2000, 'x'));
    const StoredOutput output{"out", tree, "", 4, 8000};
    const pid_t pid = start_child([&](int ready) {
      auto claim = store.claim(fingerprint, false);
      if (::write(ready, "1", 1) == 1) (void)std::get<Slot>(*claim).publish(result_of(fingerprint, {output}), {built});
    });
    ::usleep(static_cast<useconds_t>(round * 40));
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    if (exists(store.output_path(output))) CHECK(list_folder(store.output_path(output))->size() == 4);
    if (store.find(fingerprint)) {
      REQUIRE(exists(store.output_path(output)));
    }
    CHECK(std::holds_alternative<Slot>(*store.claim(fingerprint, false)));
  }
}

TEST_CASE("a result whose record was changed on the disk is none, one of an earlier mlpipe is taken") {
  const TempFolder folder;
  const Store store = make_store(folder);
  const Digest fingerprint = digest_of("x");
  REQUIRE(slot_of(store, fingerprint).publish(result_of(fingerprint, {}), {}));
  const auto file = folder / "store/results" / fingerprint.hex();
  const std::string text = test::read(file);
  REQUIRE(store.find(fingerprint));
  for (std::size_t at = 0; at < text.size(); at += 7) {
    std::string changed = text;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    folder.write(Path("store/results") / fingerprint.hex(), changed);
    CHECK_FALSE(store.find(fingerprint));
  }
  folder.write(Path("store/results") / fingerprint.hex(), text.substr(0, text.find('\n') + 1));
  CHECK(store.find(fingerprint));
}

TEST_CASE("a hit marks its result as used, and a claim waits while a gc moves things away") {
  const TempFolder folder;
  const Store store = make_store(folder);
  const Digest fingerprint = digest_of("x");
  REQUIRE(slot_of(store, fingerprint).publish(result_of(fingerprint, {}), {}));
  const auto file = folder / "store/results" / fingerprint.hex();
  const auto long_ago = std::filesystem::last_write_time(file) - std::chrono::hours(100);
  std::filesystem::last_write_time(file, long_ago);
  CHECK(std::holds_alternative<Hit>(*store.claim(fingerprint, true)));
  const auto noted = std::filesystem::last_write_time(file);
  CHECK(noted > long_ago);
  std::filesystem::last_write_time(file, noted - std::chrono::minutes(10));
  CHECK(std::holds_alternative<Hit>(*store.claim(fingerprint, true)));
  CHECK(std::filesystem::last_write_time(file) == noted - std::chrono::minutes(10));  // that was noted already
  std::optional<Lock> gc = store.locks().wait_lock(Store::gc_lock, LockFile::Share::exclusive, std::chrono::milliseconds(0)).take();
  REQUIRE(gc);
  std::atomic<bool> claimed = false;
  std::thread claiming([&] {
    const auto claim = store.claim(fingerprint, true);
    claimed = static_cast<bool>(claim);
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  CHECK_FALSE(claimed);
  gc.reset();
  claiming.join();
  CHECK(claimed);
}
