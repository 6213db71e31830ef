// What the end of a Parquet file says about its row groups. Only that is read: the footer is in Thrift's compact protocol,
// of which everything else is skipped. Nothing in it is trusted: a damaged one is an error, never a crash.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "system/files.h"

namespace mlpipe {

struct RowGroup {
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;  // in the file; where the writer did not say, of the plain data

  friend bool operator==(const RowGroup&, const RowGroup&) = default;
};

// Of the footer itself, without the length and the magic behind it. Error: it is damaged (no path in the message).
Result<std::vector<RowGroup>> parse_parquet_footer(std::string_view footer);

// Error: it cannot be read, is no Parquet file, is encrypted, or is damaged.
Result<std::vector<RowGroup>> read_row_groups(const Path& path);

}  // namespace mlpipe
