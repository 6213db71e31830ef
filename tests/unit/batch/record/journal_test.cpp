#include "batch/record/journal.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <map>

#include "batch/record/rows_file.h"
#include "support/temp_folder.h"
#include "system/blake3.h"

using namespace mlpipe;

namespace {

const Digest plan = digest_of("plan");

std::string rows_of(std::uint64_t id) { return "row of " + std::to_string(id) + std::string(id % 5, '!') + "\n"; }

// In this order, so that the published order has something to do. Mini-batch 3 has no rows.
const std::vector<std::uint64_t> order = {2, 0, 5, 1, 3, 4};
std::string text_of(std::uint64_t id) { return id == 3 ? "" : rows_of(id); }

FinishedBatch batch(std::uint64_t id) { return {id, 1, id == 3 ? 0u : 1u, 10, static_cast<std::uint32_t>(id % 2)}; }

std::string expected() {
  std::string all;
  for (std::uint64_t id = 0; id < order.size(); ++id) all += text_of(id);
  return all;
}

// Fails the n-th call, in the way asked for.
class FailingOps : public FileOps {
 public:
  enum class Way { fail, nothing_written, half_then_fail, short_write };
  explicit FailingOps(int at, Way way) : at_(at), way_(way) {}

  ssize_t pwrite(int fd, const void* data, std::size_t size, off_t offset) override {
    const bool due = calls_++ == at_;
    if (pending_failure_ || (due && way_ == Way::fail)) return fail();
    if (due && way_ == Way::nothing_written) return 0;
    if (due && size > 1) {
      pending_failure_ = way_ == Way::half_then_fail;
      return FileOps::pwrite(fd, data, size / 2, offset);
    }
    return FileOps::pwrite(fd, data, size, offset);
  }
  int fdatasync(int fd) override { return calls_++ == at_ ? fail() : FileOps::fdatasync(fd); }
  int ftruncate(int fd, off_t size) override { return calls_++ == at_ ? fail() : FileOps::ftruncate(fd, size); }
  int rename(const char* from, const char* to) override { return calls_++ == at_ ? fail() : FileOps::rename(from, to); }
  int calls() const { return calls_; }

 private:
  static int fail() {
    errno = ENOSPC;
    return -1;
  }
  int at_, calls_ = 0;
  Way way_;
  bool pending_failure_ = false;
};

// Of a mini-batch whose first record has too many failed items: it is made void, and the mini-batch scored again.
FinishedBatch bad_batch(std::uint64_t id) { return {id, 1, 1, 10, 9, true}; }

Status retract_bad(Journal& journal) {
  std::vector<std::uint64_t> bad;
  for (const auto& batch : journal.finished())
    if (batch.taken_apart) bad.push_back(batch.mini_batch);
  return journal.retract(bad);
}

// Opens, appends what is missing, syncs and publishes. An error wherever one came.
Status whole_run(const test::TempFolder& folder, FileOps& ops, std::size_t limit = SIZE_MAX) {
  std::string notice;
  MLPIPE_TRY(auto journal, Journal::open(folder.path(), plan, ops, notice));
  MLPIPE_TRY_VOID(retract_bad(journal));
  for (const auto id : order) {
    if (journal.has(id)) continue;
    if (limit-- == 0) return {};
    if (id == 5) MLPIPE_TRY_VOID(journal.append(bad_batch(id), "bad row\n"));
    if (id == 5) MLPIPE_TRY_VOID(retract_bad(journal));
    MLPIPE_TRY_VOID(journal.append(batch(id), text_of(id)));
  }
  MLPIPE_TRY_VOID(journal.sync());
  return write_rows_file(journal.rows_fd(), journal.extents(), RowOrder::mini_batch, folder / "out.txt", folder / "aside", ops);
}

void check_completes(const test::TempFolder& folder) {
  const auto status = whole_run(folder, FileOps::real());
  if (!status) FAIL(status.error().message);
  CHECK(test::read(folder / "out.txt") == expected());
}

std::size_t finished_in(const test::TempFolder& folder) {
  std::string notice;
  auto journal = Journal::open(folder.path(), plan, FileOps::real(), notice);
  REQUIRE(journal);
  return journal->finished().size();
}

}  // namespace

TEST_CASE("what was appended is found again, and published in mini-batch order") {
  test::TempFolder folder;
  check_completes(folder);
  std::string notice;
  auto journal = Journal::open(folder.path(), plan, FileOps::real(), notice);
  REQUIRE(journal);
  CHECK(notice.empty());
  REQUIRE(journal->finished().size() == order.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    CHECK(journal->finished()[i].mini_batch == order[i]);
    CHECK(journal->finished()[i].items == 10);
    CHECK(journal->finished()[i].failed_items == order[i] % 2);
  }
  REQUIRE(write_rows_file(journal->rows_fd(), journal->extents(), RowOrder::completion, folder / "sub/by-time.txt", folder / "aside", FileOps::real()));
  std::string by_time;
  for (const auto id : order) by_time += text_of(id);
  CHECK(test::read(folder / "sub/by-time.txt") == by_time);
}

TEST_CASE("a second answer for a mini-batch is not written") {
  test::TempFolder folder;
  std::string notice;
  auto journal = Journal::open(folder.path(), plan, FileOps::real(), notice);
  REQUIRE(journal);
  CHECK(*journal->append(batch(1), "once\n"));
  CHECK_FALSE(*journal->append({1, 2, 1, 10, 0}, "twice\n"));
  CHECK(test::read(folder / "rows") == "once\n");
}

TEST_CASE("a record that is made void stays void, and its mini-batch can be finished again") {
  test::TempFolder folder;
  std::string notice;
  {
    auto journal = Journal::open(folder.path(), plan, FileOps::real(), notice);
    REQUIRE(journal);
    for (const auto id : {3u, 1u, 4u}) REQUIRE(journal->append(batch(id), "old " + std::to_string(id) + "\n"));
    REQUIRE(journal->retract({1, 4}));
    CHECK_FALSE(journal->has(1));
    REQUIRE(journal->append(batch(4), "new 4\n"));
  }
  auto journal = Journal::open(folder.path(), plan, FileOps::real(), notice);
  REQUIRE(journal);
  CHECK(notice == "");
  CHECK(journal->has(3));
  CHECK_FALSE(journal->has(1));
  REQUIRE(journal->finished().size() == 2);
  CHECK(journal->finished()[1].mini_batch == 4);
  REQUIRE(journal->append(batch(1), "new 1\n"));
  REQUIRE(write_rows_file(journal->rows_fd(), journal->extents(), RowOrder::mini_batch, folder / "out", folder / "aside", FileOps::real()));
  CHECK(test::read(folder / "out") == "new 1\nold 3\nnew 4\n");
}

TEST_CASE("another plan starts afresh and says so") {
  test::TempFolder folder;
  check_completes(folder);
  std::string notice;
  auto journal = Journal::open(folder.path(), digest_of("other"), FileOps::real(), notice);
  REQUIRE(journal);
  CHECK(journal->finished().empty());
  CHECK_FALSE(notice.empty());
  CHECK(test::read(folder / "rows").empty());
}

TEST_CASE("records of an older journal never count in a newer one") {
  test::TempFolder folder;
  check_completes(folder);
  const auto old = test::read(folder / "journal");
  std::string notice;
  REQUIRE(Journal::open(folder.path(), digest_of("other"), FileOps::real(), notice));
  REQUIRE(Journal::open(folder.path(), plan, FileOps::real(), notice));
  folder.write("journal", test::read(folder / "journal") + old.substr(80));
  CHECK(finished_in(folder) == 0);
}

TEST_CASE("wherever the files end, the rows come out exactly") {
  test::TempFolder whole;
  check_completes(whole);
  const auto rows = test::read(whole / "rows"), journal = test::read(whole / "journal");
  for (std::size_t size = 0; size <= journal.size(); ++size) {
    test::TempFolder folder;
    folder.write("rows", rows);
    folder.write("journal", journal.substr(0, size));
    check_completes(folder);
  }
  for (std::size_t size = 0; size <= rows.size(); ++size) {
    test::TempFolder folder;
    folder.write("rows", rows.substr(0, size));
    folder.write("journal", journal);
    check_completes(folder);
  }
}

TEST_CASE("whichever bit flips, the rows come out exactly") {
  test::TempFolder whole;
  check_completes(whole);
  for (const char* name : {"rows", "journal"}) {
    const auto bytes = test::read(whole / name);
    for (std::size_t at = 0; at < bytes.size(); ++at) {
      test::TempFolder folder;
      for (const char* each : {"rows", "journal"}) folder.write(each, test::read(whole / each));
      auto damaged = bytes;
      damaged[at] = static_cast<char>(damaged[at] ^ (1 << (at % 8)));
      folder.write(name, damaged);
      check_completes(folder);
    }
  }
}

TEST_CASE("damage in the middle is noticed, a torn end is not worth a word") {
  test::TempFolder folder;
  check_completes(folder);
  auto bytes = test::read(folder / "journal");
  bytes[80 + 56 + 3] ^= 1;
  folder.write("journal", bytes);
  std::string notice;
  REQUIRE(Journal::open(folder.path(), plan, FileOps::real(), notice));
  CHECK(notice.find("6 finished mini-batch records") != std::string::npos);
}

TEST_CASE("whichever call fails, in whatever way: an error or exact rows, and the next run completes") {
  using Way = FailingOps::Way;
  FailingOps counting(-1, Way::fail);
  {
    test::TempFolder folder;
    REQUIRE(whole_run(folder, counting));
  }
  REQUIRE(counting.calls() > 15);
  for (const auto way : {Way::fail, Way::nothing_written, Way::half_then_fail, Way::short_write})
    for (int at = 0; at < counting.calls(); ++at) {
      test::TempFolder folder;
      FailingOps failing(at, way);
      const auto status = whole_run(folder, failing);
      if (status) {
        CHECK(test::read(folder / "out.txt") == expected());
      } else {
        CHECK(status.error().kind == ErrorKind::store);
        CHECK_FALSE(std::filesystem::exists(folder / "out.txt"));
      }
      check_completes(folder);
      for (const auto& entry : std::filesystem::directory_iterator(folder.path())) CHECK(entry.path().string().find(".tmp") == std::string::npos);
    }
}

TEST_CASE("after a failed write nothing more is written") {
  test::TempFolder folder;
  FailingOps failing(4, FailingOps::Way::half_then_fail);
  std::string notice;
  auto journal = Journal::open(folder.path(), plan, failing, notice);
  REQUIRE(journal);
  bool failed = false;
  for (const auto id : order) {
    const auto appended = journal->append(batch(id), text_of(id));
    failed = failed || !appended;
    CHECK(static_cast<bool>(appended) == !failed);
  }
  CHECK(failed);
  CHECK_FALSE(journal->sync());
}

TEST_CASE("runs that stop after every mini-batch add up to one") {
  test::TempFolder folder;
  for (std::size_t turn = 0; turn <= order.size(); ++turn) {
    CHECK(finished_in(folder) == turn);
    REQUIRE(whole_run(folder, FileOps::real(), 1));
  }
  CHECK(test::read(folder / "out.txt") == expected());
}

TEST_CASE("long and short extents in any order are published whole") {
  test::TempFolder folder;
  std::string notice;
  auto journal = Journal::open(folder.path(), plan, FileOps::real(), notice);
  REQUIRE(journal);
  std::map<std::uint64_t, std::string> all;
  for (const std::uint64_t id : {7, 2, 0, 9, 1, 8, 3}) {
    all[id] = std::string(id % 2 ? 300'000 + id : 70 + id, static_cast<char>('a' + id)) + "\n";
    REQUIRE(journal->append({id, 1, 1, 1, 0}, all[id]));
  }
  REQUIRE(write_rows_file(journal->rows_fd(), journal->extents(), RowOrder::mini_batch, folder / "out.txt", folder / "aside", FileOps::real()));
  std::string text;
  for (const auto& [id, rows] : all) text += rows;
  CHECK(test::read(folder / "out.txt") == text);
}

TEST_CASE("a journal knows whether the machine was started anew since, and keeps its records either way") {
  test::TempFolder folder;
  REQUIRE(whole_run(folder, FileOps::real(), 3));
  const auto reopen = [&](bool adopt) {
    std::string notice;
    auto journal = Journal::open(folder.path(), plan, FileOps::real(), notice);
    REQUIRE(journal);
    CHECK(notice.empty());
    CHECK(journal->finished().size() == 3);
    const bool another = journal->from_another_boot();
    if (adopt) REQUIRE(journal->adopt_boot());
    return another;
  };
  CHECK_FALSE(reopen(false));
  auto bytes = test::read(folder / "journal");
  bytes[64] ^= 1;  // as the boot before this one had written it
  folder.write("journal", bytes);
  CHECK(reopen(false));
  CHECK(reopen(true));
  CHECK_FALSE(reopen(false));
}
