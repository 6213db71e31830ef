#include "scoring/torch/feed.h"

#include <fmt/format.h>

namespace mlpipe {

void tell_failed(const mlpipe_row_sink& sink, std::size_t item, const Error& error) {
  const std::string reason = error.hint.empty() ? error.message : fmt::format("{} ({})", error.message, error.hint);
  sink.failed(sink.context, item, reason.data(), reason.size());
}

Result<std::unique_ptr<Feed>> make_feed(const Scoring& scoring, const std::vector<std::string>& texts) {
  switch (scoring.input) {
    case ScoringInput::table: return make_table_feed(scoring, texts);
    case ScoringInput::array: return make_array_feed(scoring);
    default: return make_image_feed(scoring);
  }
}

}  // namespace mlpipe
