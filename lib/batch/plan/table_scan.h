// The rows of one table file: where they lie, how many there are, and what they are called by.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "pipeline/pipeline.h"
#include "system/files.h"
#include "worker/protocol.h"

namespace mlpipe {

// How a file is to be read, by its name's ending and what the input says.
struct TableKind {
  wire::TablePiece::Format format = wire::TablePiece::Format::delimited;
  char delimiter = ',';
  bool header = true;  // of delimited text
  bool multi_line = true;  // its quoted fields may hold line breaks
};

// Rows that are left out at the beginning of a table, and how many count then. Goes along from file to file.
struct RowWindow {
  std::uint64_t skip = 0;
  std::uint64_t take = UINT64_MAX;

  bool admit();  // the next row
};
// .csv, .tsv and .tab, .jsonl, .ndjson and .json, .parquet and .pq; any other name with a declared delimiter. Nothing: unknown.
std::optional<TableKind> table_kind(std::string_view name, const TableFormat& format);

// Rows that lie one behind the other. Bytes; of Parquet, row groups.
struct RowRange {
  std::uint64_t begin = 0, end = 0;
  std::uint64_t first_row = 0;  // within the file
  std::uint32_t rows = 0;

  friend bool operator==(const RowRange&, const RowRange&) = default;
};

struct TableRows {
  std::uint64_t header_bytes = 0;
  std::vector<RowRange> ranges;  // in order; a file without rows has none
};

// Cut into ranges of at most `size` bytes, the header not counted; a longer row (or row group) is one of its own.
// Reads delimited text and JSON lines once from end to end. Error: unreadable, a quote without end, a damaged footer, a
// window that cuts a row group of Parquet.
Result<TableRows> cut_rows(const Path& path, const TableKind& kind, std::uint64_t size, RowWindow& window);

// Calls `take` with each row's values of the columns, and where it lies; gives the header's size. For text, not for Parquet.
// Columns of delimited text are named by `names`; where that is empty, by the file's header, which is put there, or Column1,
// Column2, ...; a value that a row lacks is empty. Of JSON
// lines, text is taken as it is, a number or a boolean as it would be printed, null as nothing.
// Error: as above, or no such column, or a row that is no object, or a value that is none.
using TakeRow = std::function<Status(std::vector<std::string> values, const RowRange& row)>;
Result<std::uint64_t> read_columns(const Path& path, const TableKind& kind, const std::vector<std::string>& columns, RowWindow& window,
                                   std::vector<std::string>& names, const TakeRow& take);

}  // namespace mlpipe
