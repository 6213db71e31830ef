#include <doctest/doctest.h>

#include <optional>

#include "store/run_record.h"
#include "support/temp_folder.h"
#include "system/blake3.h"

using namespace mlpipe;
using test::TempFolder;

namespace {

// An unfinished parallel step's folder, and a result of the same fingerprint made by `run`.
Digest journal_and_result(const Store& store, const std::string& step, const std::string& run) {
  const Digest fingerprint = digest_of(step);
  std::filesystem::create_directories(store.partial_path(fingerprint));
  if (run.empty()) return fingerprint;
  auto claim = store.claim(fingerprint, false).take();
  StepResult result;
  result.fingerprint = fingerprint;
  result.step = step;
  result.run_id = run;
  REQUIRE(std::get<Slot>(claim).publish(result, {}));
  return fingerprint;
}

}  // namespace

TEST_CASE("a journal whose result the dead run had published is swept, others go on") {
  const TempFolder folder;
  const Store store = Store::open(folder / "store", Store::Access::write).take();
  std::optional<RunRecorder> dead = RunRecorder::begin(store, {}, Clock::real()).take();
  const std::string id = dead->header().id;
  const Digest published = journal_and_result(store, "published", id);
  const Digest unfinished = journal_and_result(store, "unfinished", "");
  const Digest forced = journal_and_result(store, "forced", "20200101-000000-000");
  const Digest claimed = journal_and_result(store, "claimed", id);
  const auto slot = store.claim(claimed, false).take();
  dead.reset();

  CHECK(*sweep_dead_runs(store) == std::vector<std::string>{id});
  CHECK_FALSE(exists(store.partial_path(published)));
  CHECK(exists(store.partial_path(unfinished)));
  CHECK(exists(store.partial_path(forced)));
  CHECK(exists(store.partial_path(claimed)));
}
