#include "upkeep/gc.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>

#include "reuse/scan.h"
#include "reuse/ingredients.h"
#include "reuse/digest_index.h"
#include "reuse/scan.h"
#include "store/aside.h"
#include "support/temp_folder.h"
#include "system/blake3.h"

using namespace mlpipe;
using namespace std::chrono_literals;
using test::TempFolder;

namespace {

struct Place {
  TempFolder folder;
  Store store = Store::open(folder / "store", Store::Access::write).take();
  int count = 0;

  // A result with one output that holds `content`.
  StepRecord made(const std::string& step, const std::string& content) {
    folder.write("built/file", content);
    StepResult result;
    result.fingerprint = digest_of(step);
    result.step = step;
    result.outputs = {{"o", digest_of(content), "", 1, content.size()}};
    auto claim = store.claim(result.fingerprint, false).take();
    REQUIRE(std::get<Slot>(claim).publish(result, {folder / "built"}));
    REQUIRE(store.put_text(result.fingerprint, Manifest().to_text()));
    StepRecord record;
    record.step = step;
    record.fingerprint = result.fingerprint;
    record.outputs = result.outputs;
    return record;
  }

  RunRecorder begin(const Path& spec = "/p.yaml") {
    RunHeader header;
    header.spec = spec;
    return RunRecorder::begin(store, header, Clock::real()).take();
  }

  std::string ran(const std::vector<StepRecord>& steps, const Path& spec = "/p.yaml") {
    RunRecorder run = begin(spec);
    for (const StepRecord& step : steps) REQUIRE(run.step(step));
    REQUIRE(run.end(RunState::succeeded, 0, Seconds(1)));
    return run.header().id;
  }

  void aged(const StepRecord& step, std::chrono::hours age) {
    const auto file = store.result_path(*step.fingerprint);
    std::filesystem::last_write_time(file, std::filesystem::last_write_time(file) - age);
  }

  bool has(const StepRecord& step) const { return store.find(*step.fingerprint) && exists(store.output_path(step.outputs[0])); }
};

// Files of now are old enough to be indexed.
struct LaterClock final : Clock {
  WallTime wall() const override { return Clock::real().wall() + 1min; }
  SteadyTime steady() const override { return Clock::real().steady(); }
};

GcPolicy keeping(std::size_t runs) { return {{}, {}, runs}; }

bool removes(const GcPlan& plan, const std::string& name) {
  return std::any_of(plan.removed.begin(), plan.removed.end(), [&](const Item& item) { return item.name.find(name) != std::string::npos; });
}

}  // namespace

TEST_CASE("the newest runs of each spec stay, with all that they name") {
  Place place;
  const StepRecord old = place.made("old", "1"), shared = place.made("shared", "2"), fresh = place.made("fresh", "3"), other = place.made("other", "4");
  const StepRecord same = place.made("same output as fresh", "3");
  const std::string gone = place.ran({old, shared, same}), kept = place.ran({shared, fresh}), elsewhere = place.ran({other}, "/q.yaml");
  REQUIRE(collect(place.store, keeping(1)));
  CHECK_FALSE(place.store.find(*old.fingerprint));
  CHECK_FALSE(exists(place.store.output_path(old.outputs[0])));
  CHECK_FALSE(place.store.find(*same.fingerprint));
  for (const StepRecord* step : {&shared, &fresh, &other}) {
    CHECK(place.has(*step));
    CHECK(place.store.has_text(*step->fingerprint));
  }
  CHECK_FALSE(place.store.has_text(*old.fingerprint));
  CHECK_FALSE(exists(place.store.run_path(gone)));
  CHECK(exists(place.store.run_path(kept)));
  CHECK(exists(place.store.run_path(elsewhere)));
  CHECK_FALSE(last_step(place.store, "/p.yaml", "old"));
  CHECK(last_step(place.store, "/p.yaml", "fresh"));
  CHECK(plan_gc(place.store, keeping(1))->removed.empty());
}

TEST_CASE("young runs stay when asked for") {
  Place place;
  const StepRecord step = place.made("a", "1");
  const std::string first = place.ran({step}), second = place.ran({});
  GcPolicy policy = keeping(1);
  CHECK(removes(*plan_gc(place.store, policy), first));
  policy.max_age = Seconds(3600);
  CHECK(plan_gc(place.store, policy)->removed.empty());
}

TEST_CASE("while a run lives, what was used since it began stays, named or not") {
  Place place;
  const StepRecord unused = place.made("unused", "1"), used = place.made("used", "2");
  place.aged(unused, 3h);
  place.aged(used, 3h);
  const RunRecorder alive = place.begin();
  CHECK(std::holds_alternative<Hit>(*place.store.claim(*used.fingerprint, true)));
  const auto plan = collect(place.store, keeping(0));
  REQUIRE(plan);
  CHECK(plan->living == 1);
  CHECK(place.has(used));
  CHECK_FALSE(place.has(unused));
}

TEST_CASE("with a limit of size the least recently used go, until the store is small enough") {
  Place place;
  const std::string large(100'000, 'x');
  const StepRecord a = place.made("a", large + "a"), b = place.made("b", large + "b"), c = place.made("c", large + "c");
  place.aged(a, 1h);
  place.aged(b, 3h);
  place.aged(c, 2h);
  GcPolicy policy = keeping(0);
  policy.max_size = plan_gc(place.store, policy)->before - 1;
  const auto plan = collect(place.store, policy);
  REQUIRE(plan);
  CHECK(plan->after <= *policy.max_size);
  CHECK_FALSE(plan->too_large());
  CHECK_FALSE(place.has(b));
  CHECK(place.has(a));
  CHECK(place.has(c));
}

TEST_CASE("a store whose kept runs are larger than the limit says so") {
  Place place;
  const StepRecord step = place.made("a", std::string(100'000, 'x'));
  place.ran({step});
  GcPolicy policy = keeping(1);
  policy.max_size = 1000;
  const auto plan = collect(place.store, policy);
  REQUIRE(plan);
  CHECK(plan->too_large());
  CHECK(place.has(step));
}

TEST_CASE("what a result needs goes with the last of those who need it") {
  Place place;
  const StepRecord a = place.made("a", "same"), b = place.made("b", "same");
  place.aged(a, 2h);
  const Path object = place.store.output_path(a.outputs[0]);
  GcPolicy policy = keeping(0);
  policy.max_size = plan_gc(place.store, policy)->before - 1;
  REQUIRE(collect(place.store, policy));
  CHECK_FALSE(place.store.find(*a.fingerprint));
  CHECK(place.has(b));
  REQUIRE(collect(place.store, keeping(0)));
  CHECK_FALSE(exists(object));
}

TEST_CASE("unfinished steps: those that are worked on or that a kept run began stay") {
  Place place;
  const auto unfinished = [&](const std::string& step) {
    place.folder.write(place.store.partial_path(digest_of(step)) / "journal", "x");
    return place.store.partial_path(digest_of(step));
  };
  const Path lost = unfinished("lost"), claimed = unfinished("claimed"), failed = unfinished("failed");
  const auto slot = place.store.claim(digest_of("claimed"), false).take();
  StepRecord record;
  record.step = "failed";
  record.state = StepState::failed;
  record.fingerprint = digest_of("failed");
  place.ran({record});
  REQUIRE(collect(place.store, keeping(1)));
  CHECK_FALSE(exists(lost));
  CHECK(exists(claimed));
  CHECK(exists(failed));
  { const RunRecorder killed = place.begin(); }
  const Path begun = unfinished("begun by the killed run");
  REQUIRE(collect(place.store, keeping(1)));
  CHECK(exists(begun));
}

TEST_CASE("what nobody names and records that nobody can read go") {
  Place place;
  const auto orphan = place.folder.write("store/objects/" + digest_of("x").hex() + "/file", "x");
  const auto broken = place.folder.write("store/results/" + digest_of("y").hex(), "{");
  const auto dead = place.folder.write("store/aside/1-2-3/file", "x");
  const auto young = place.folder.write("store/texts/x.tmp-1-2-3", "x"), old = place.folder.write("store/texts/y.tmp-1-2-3", "x");
  std::filesystem::last_write_time(old, std::filesystem::file_time_type::clock::now() - 2h);
  const auto of_dead = place.folder.write("store/index/x.tmp-999999999-2-3", "x");
  const auto of_us = place.folder.write(fmt::format("store/index/x.tmp-{}-3", process_mark()), "x");
  REQUIRE(collect(place.store, keeping(1)));
  for (const auto& file : {orphan, broken, dead, old, of_dead}) CHECK_FALSE(exists(file));
  CHECK(exists(of_us));
  CHECK(exists(young));
}

TEST_CASE("indexes of folders that are gone go") {
  Place place;
  const auto root = place.folder.write("data/file", "x").parent_path();
  const LaterClock clock;
  DigestIndex index(place.store.index_path(), clock);
  REQUIRE(scan_tree(root, {nullptr, "", &index, 1}));
  const auto files = list_folder(place.store.index_path());
  REQUIRE(files);
  REQUIRE(files->size() == 1);
  CHECK(root_of_index(place.store.index_path() / files->front()) == root.string());
  CHECK_FALSE(removes(*plan_gc(place.store, {}), "index/"));
  std::filesystem::remove_all(root);
  CHECK(removes(*plan_gc(place.store, {}), "index/"));
  place.folder.write(place.store.index_path() / "odd", "something else");
  CHECK_FALSE(root_of_index(place.store.index_path() / "odd"));
}

TEST_CASE("sizes and ages are read as people write them") {
  CHECK(*parse_size("20GB") == std::uint64_t{20} << 30);
  CHECK(*parse_size("500mb") == std::uint64_t{500} << 20);
  CHECK(*parse_size("123") == 123);
  CHECK_FALSE(parse_size("much"));
  CHECK(*parse_age("30d") == Seconds(30 * 86400));
  CHECK(*parse_age("90s") == Seconds(90));
  CHECK(*parse_age("2w") == Seconds(14 * 86400));
  for (const char* wrong : {"", "d", "3", "-1d", "3y", "1.5h", "99999999999d"}) CHECK_FALSE(parse_age(wrong));
}

TEST_CASE("a download goes when nobody has used it for 90 days, or for room") {
  Place place;
  const Path used = place.store.downloads_path() / "used", unused = place.store.downloads_path() / "unused";
  for (const Path& folder : {used, unused}) {
    std::filesystem::create_directories(folder);
    REQUIRE(write_file(folder / "rows.csv", "a,b\n"));
  }
  std::filesystem::last_write_time(unused, std::filesystem::last_write_time(unused) - 24h * 91);
  GcPolicy policy = keeping(1);
  REQUIRE(collect(place.store, policy));
  CHECK(exists(used));
  CHECK_FALSE(exists(unused));
  policy.max_size = 0;
  REQUIRE(collect(place.store, policy));
  CHECK_FALSE(exists(used));
}
