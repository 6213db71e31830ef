// Files as the rows of a mini-batch: what a worker answers, what the journal keeps, and what the runner cuts into files at the end. Each
// has a header before its bytes: its extension (16 bytes, filled up with zeros), u64 its length, u32 first item and u32 count of items of the
// part of a mini-batch that it is of (count 0: of a whole one). Little-endian. Files stand one behind the other, so those of the parts of
// a mini-batch that was taken apart can be put together as rows are.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace mlpipe {

struct MiniBatchFile {
  static constexpr std::size_t header_size = 32;

  std::string extension;  // "npy", "items.txt"
  std::uint64_t length = 0;
  std::uint32_t first_item = 0, items = 0;

  // "mini_batch_000012.npy"; of a part of it "mini_batch_000012_0000004-0000007.npy".
  std::string name(std::uint64_t mini_batch) const;
};

void append_mini_batch_file(std::string_view extension, std::string_view bytes, std::string& files);
// Error: that is none.
Result<MiniBatchFile> parse_mini_batch_file(std::string_view header);
// Error: `files` are none.
Status mark_as_part(std::uint32_t first_item, std::uint32_t items, std::string& files);

}  // namespace mlpipe
