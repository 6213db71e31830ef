#include "report/html/mini_batch_facts.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "base/text.h"
#include "run/mini_batch_logs.h"
#include "system/clock.h"

namespace mlpipe::html {
namespace {

constexpr std::size_t failures_shown = 100;

struct Try {
  std::uint64_t mini_batch, picked, worker, elapsed, items, failed;
  WallTime start;
  bool good;
};

class Reader {
 public:
  explicit Reader(const std::vector<std::string>& header) : width_(header.size()) {
    const auto column = [&](std::string_view name) {
      const auto at = static_cast<std::size_t>(std::find(header.begin(), header.end(), name) - header.begin());
      complete_ = complete_ && at < width_;
      return at;
    };
    id_ = column("Mini-batch Id");
    picked_ = column("Picked Count");
    process_ = column("Process");
    start_ = column("Start Time");
    total_ = column("Total");
    failed_ = column("Failed");
    elapsed_ = column("Elapsed Seconds");
    status_ = column("Status");
    category_ = column("Error Category");
    message_ = column("Error Message");
  }

  std::optional<Try> read(const std::vector<std::string>& record) const {
    if (!complete_ || record.size() != width_) return std::nullopt;
    const auto id = number(record[id_]), picked = number(record[picked_]), items = number(record[total_]), failed = number(record[failed_]);
    const auto worker = record[process_].starts_with("process") ? number(record[process_].substr(7)) : std::nullopt;
    const auto seconds = parse_number(record[elapsed_]);
    const WallTime start = parse_utc(record[start_]);
    if (!id || !picked || !items || !failed || !worker || !seconds || !(*seconds >= 0 && *seconds < 1e9) || start == WallTime{}) return std::nullopt;
    return Try{*id, *picked, *worker, static_cast<std::uint64_t>(std::llround(*seconds * 1e6)), *items, *failed, start, record[status_] == "RUN_DONE"};
  }

  FailedTry failure(const Try& made, const std::vector<std::string>& record) const {
    return {made.mini_batch, made.picked, made.worker, record[category_], record[message_]};
  }

 private:
  static std::optional<std::uint64_t> number(std::string_view text) {
    while (text.size() > 1 && text.front() == '0') text.remove_prefix(1);
    const auto value = parse_integer(text);
    return value && *value >= 0 ? std::optional(static_cast<std::uint64_t>(*value)) : std::nullopt;
  }

  std::size_t width_;
  bool complete_ = true;
  std::size_t id_, picked_, process_, start_, total_, failed_, elapsed_, status_, category_, message_;
};

void add_sums(const std::vector<Try>& tries, MiniBatchFacts& facts) {
  std::map<std::uint64_t, WorkerSums> workers;
  for (const Try& made : tries) {
    WorkerSums& sums = workers[made.worker];
    sums.worker = made.worker;
    sums.tries += 1;
    sums.failed_tries += !made.good;
    sums.items += made.good ? made.items : 0;
    sums.busy += made.elapsed;
    facts.failed_tries += !made.good;
    facts.items += made.good ? made.items : 0;
  }
  for (const auto& [worker, sums] : workers) facts.workers.push_back(sums);
}

void add_quantiles(const std::vector<Try>& tries, MiniBatchFacts& facts) {
  std::vector<std::uint64_t> times;
  for (const Try& made : tries)
    if (made.good) times.push_back(made.elapsed);
  if (times.empty()) return;
  std::sort(times.begin(), times.end());
  const auto at = [&](double part) { return times[static_cast<std::size_t>(part * static_cast<double>(times.size() - 1))]; };
  facts.least = at(0), facts.median = at(0.5), facts.p95 = at(0.95), facts.most = at(1);
}

void add_columns(const std::vector<Try>& tries, std::size_t most, TryColumns& columns) {
  WallTime first = WallTime::max();
  for (const Try& made : tries) first = std::min(first, made.start);
  const std::size_t stride = std::max<std::size_t>(1, (tries.size() + most - 1) / std::max<std::size_t>(1, most));
  for (std::size_t i = 0; i < tries.size(); ++i) {
    const Try& made = tries[i];
    const bool fine = made.good && made.failed == 0;
    if (i % stride != 0 && (fine || columns.good.size() >= 2 * most)) continue;
    columns.mini_batch.push_back(made.mini_batch);
    columns.picked.push_back(made.picked);
    columns.worker.push_back(made.worker);
    columns.begun.push_back(static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(made.start - first).count()));
    columns.elapsed.push_back(made.elapsed);
    columns.items.push_back(made.items);
    columns.failed.push_back(made.failed);
    columns.good.push_back(made.good);
  }
}

}  // namespace

MiniBatchFacts mini_batch_facts(std::string_view csv, std::size_t most) {
  MiniBatchFacts facts;
  const auto records = read_csv(csv);
  if (records.empty()) return facts;
  const Reader reader(records.front());
  std::vector<Try> tries;
  for (std::size_t i = 1; i < records.size(); ++i) {
    const auto made = reader.read(records[i]);
    if (!made) continue;
    tries.push_back(*made);
    if ((!made->good || made->failed > 0) && facts.failures.size() < failures_shown) facts.failures.push_back(reader.failure(*made, records[i]));
  }
  facts.all_tries = tries.size();
  add_sums(tries, facts);
  add_quantiles(tries, facts);
  add_columns(tries, most, facts.tries);
  return facts;
}

}  // namespace mlpipe::html
