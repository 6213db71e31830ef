#include "worker/native_replay.h"

#include <unistd.h>

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "base/units.h"
#include "worker/native_worker.h"
#include "worker/protocol.h"

namespace mlpipe {
namespace {

int tell(const std::string& line) {
  (void)write_all(STDERR_FILENO, fmt::format("mlpipe: {}\n", line), "standard error");
  return 1;
}

bool wants_rows(const wire::Init& init) {
  const std::pair<std::string, std::string> append{"output_action", "append_row"};
  return std::find(init.fields.begin(), init.fields.end(), append) != init.fields.end();
}

int show(const wire::MiniBatchResult& result, const std::vector<std::string>& items, bool rows) {
  if (rows) {
    if (const auto written = write_all(STDOUT_FILENO, result.rows, "standard output"); !written) return tell(written.error().message);
  }
  for (const auto& failed : result.failed) tell(fmt::format("{}: {}", items[failed.number], failed.reason));
  tell(fmt::format("{}, {} failed, in {}", plural(result.items, "item"), result.failed.size(),
                   format_seconds(std::chrono::microseconds(result.run_us))));
  return 0;
}

Result<int> replay(const Path& module, const Path& configuration, const Path& frames) {
  MLPIPE_TRY(const std::string configured, read_file(configuration));
  MLPIPE_TRY(const std::string bytes, read_file(frames));
  MLPIPE_TRY(const OpenScorer scorer, open_scorer(module.string(), configured));
  wire::Reader<wire::ToWorker> reader;
  reader.feed(bytes);
  bool rows = true;
  int code = 0;
  for (;;) {
    MLPIPE_TRY(const auto message, reader.next());
    if (!message) return code;
    if (const auto* init = std::get_if<wire::Init>(&*message)) rows = wants_rows(*init);
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
