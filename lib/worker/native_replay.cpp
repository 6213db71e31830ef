#include "worker/native_replay.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <memory>

#include <fmt/format.h>

#include "base/text.h"
#include "base/units.h"
#include "scoring/configuration.h"
#include "worker/native_worker.h"
#include "worker/protocol.h"

namespace mlpipe {
namespace {

int tell(const std::string& line) {
  (void)write_all(STDERR_FILENO, fmt::format("mlpipe: {}\n", line), "standard error");
  return 1;
}

// Whatever a module prints must not run into its rows: meanwhile it goes to stderr.
class RowsApart {
 public:
  RowsApart() : rows_(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3)) { ::dup2(STDERR_FILENO, STDOUT_FILENO); }
  ~RowsApart() { ::dup2(rows_.get(), STDOUT_FILENO); }
  RowsApart(const RowsApart&) = delete;
  RowsApart& operator=(const RowsApart&) = delete;

  Status write(std::string_view rows) const { return write_all(rows_.get(), rows, "standard output"); }

 private:
  Fd rows_;
};

bool wants_rows(const wire::Init& init) {
  const std::pair<std::string, std::string> append{"output_action", "append_row"};
  return std::find(init.fields.begin(), init.fields.end(), append) != init.fields.end();
}

int show(const wire::MiniBatchResult& result, const std::vector<std::string>& items, const RowsApart* rows) {
  if (rows) {
    if (const auto written = rows->write(result.rows); !written) return tell(written.error().message);
  }
  for (const auto& failed : result.failed) tell(fmt::format("{}: {}", items[failed.number], failed.reason));
  tell(fmt::format("{}, {} failed, in {}", plural(result.items, "item"), result.failed.size(),
                   format_seconds(std::chrono::microseconds(result.run_us))));
  return 0;
}

// Files of a mini-batch are not shown: a terminal has no use for them.
Result<int> replay(const Path& module, const Path& configuration, const Path& frames) {
  MLPIPE_TRY(const std::string configured, read_file(configuration));
  MLPIPE_TRY(const std::string bytes, read_file(frames));
  const RowsApart stdout_rows;
  MLPIPE_TRY(const OpenScorer scorer, open_scorer(module.string(), configured));
  const std::unique_ptr<mlpipe_scorer, void (*)(mlpipe_scorer*)> closed_at_the_end(scorer.scorer, scorer.module->close);
  wire::Reader<wire::ToWorker> reader;
  reader.feed(bytes);
  const RowsApart* rows = &stdout_rows;
  const auto known = scoring_configuration_from_json(configured);
  const bool files = known && in_files(known->scoring.format);
  int code = 0;
  for (;;) {
    MLPIPE_TRY(const auto message, reader.next());
    if (!message) return code;
    if (const auto* init = std::get_if<wire::Init>(&*message)) rows = wants_rows(*init) && !files ? &stdout_rows : nullptr;
    const auto* batch = std::get_if<wire::MiniBatch>(&*message);
    if (!batch) continue;
    const wire::FromWorker answer = score(scorer, *batch);
    if (const auto* result = std::get_if<wire::MiniBatchResult>(&answer)) code = std::max(code, show(*result, batch->items, rows));
    else code = tell(std::get<wire::MiniBatchFailed>(answer).traceback);
  }
}

}  // namespace

int native_replay_main(const Path& module, const Path& configuration, const Path& frames) {
  const auto code = replay(module, configuration, frames);
  return code ? *code : tell(code.error().message);
}

}  // namespace mlpipe
