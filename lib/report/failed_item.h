// Items that could not be scored, as failed_items.jsonl (batch/record/failed_items.h) has them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mlpipe {

struct FailedItemFacts {
  std::uint64_t mini_batch = 0;
  std::string item, kind, reason, detail;  // detail: traceback, last words of its worker
};

// Of a line of the file; nothing when it is damaged. Of a longer detail the end is kept, where the cause stands.
std::optional<FailedItemFacts> failed_item_of(std::string_view line, std::size_t longest_detail);

}  // namespace mlpipe
