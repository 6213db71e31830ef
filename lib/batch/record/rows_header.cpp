#include "batch/record/rows_header.h"

#include <fmt/format.h>

#include "base/text.h"

namespace mlpipe {

RowsHeader::RowsHeader(Path state) : file_(std::move(state) / "header") {
  const auto content = read_file(file_);
  if (!content) return;
  const auto line = content->find('\n');
  const auto id = line == std::string::npos ? std::nullopt : parse_integer(std::string_view(*content).substr(0, line));
  if (id && *id >= 0) kept_ = wire::RowsHeader{static_cast<std::uint64_t>(*id), content->substr(line + 1)};
}

Result<bool> RowsHeader::came(wire::RowsHeader header) {
  const bool differs = kept_ && kept_->text != header.text && !std::exchange(differed_, true);
  if (kept_ && kept_->id <= header.id) return differs;
  MLPIPE_TRY_VOID(write_file(file_, fmt::format("{}\n{}", header.id, header.text), Durability::synced));
  kept_ = std::move(header);
  return differs;
}

}  // namespace mlpipe
