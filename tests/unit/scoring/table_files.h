// Tables for tests: files that are read whole, as the runner's plan would have them read.
#pragma once

#include <doctest/doctest.h>

#include <cstring>
#include <limits>

#include "base/csv_scan.h"
#include "scoring/table/table_rows.h"
#include "support/temp_folder.h"

namespace mlpipe::test {

// What came out of a table: float32 values of the first input, int64 ones of the second, and texts.
struct ReadTable {
  std::string error;
  std::size_t rows = 0;
  std::vector<float> floats;
  std::vector<std::int64_t> integers;
  std::vector<std::string> texts;
  std::vector<std::pair<std::size_t, std::string>> failed;
};

inline mlpipe_table_piece piece_of(const std::string& path, const mlpipe_range& range, std::uint64_t header_bytes) {
  mlpipe_table_piece piece{};
  piece.path = path.c_str();
  piece.delimiter = ",";
  piece.has_header = header_bytes > 0;
  piece.header_bytes = header_bytes;
  piece.header_path = "";
  piece.ranges = &range;
  piece.range_count = 1;
  return piece;
}

// Reads `at_once` rows a time; the first input of `columns` is float32, a second one int64.
inline ReadTable read_table(const std::vector<mlpipe_table_piece>& pieces, const TableColumns& columns, std::size_t at_once = 1024) {
  ReadTable table;
  std::vector<float> floats(columns.inputs.empty() ? 1 : at_once * columns.inputs[0].columns.size());
  std::vector<std::int64_t> integers(columns.inputs.size() < 2 ? 1 : at_once * columns.inputs[1].columns.size());
  auto rows = open_table(pieces.data(), pieces.size(), columns);
  if (!rows) return table.error = rows.error().message, table;
  for (;;) {
    std::vector<void*> places;
    if (!columns.inputs.empty()) places.push_back(floats.data());
    if (columns.inputs.size() > 1) places.push_back(integers.data());
    const auto read = (*rows)->read(at_once, places);
    if (!read) return table.error = read.error().message + (read.error().hint.empty() ? "" : "; " + read.error().hint), table;
    if (*read == 0) return table;
    if (!columns.inputs.empty()) table.floats.insert(table.floats.end(), floats.begin(), floats.begin() + static_cast<std::ptrdiff_t>(*read * columns.inputs[0].columns.size()));
    if (columns.inputs.size() > 1) table.integers.insert(table.integers.end(), integers.begin(), integers.begin() + static_cast<std::ptrdiff_t>(*read * columns.inputs[1].columns.size()));
    for (std::size_t row = 0; row < *read; ++row)
      for (std::size_t text = 0; text < columns.texts.size(); ++text) table.texts.emplace_back((*rows)->text(row, text));
    for (const FailedRow& row : (*rows)->failed()) table.failed.emplace_back(table.rows + row.row, row.reason);
    table.rows += *read;
  }
}

// A text as a table: its first line is the header.
inline ReadTable read_text(const std::string& text, const TableColumns& columns, int format = mlpipe_delimited, const char* delimiter = ",", std::size_t at_once = 1024) {
  const TempFolder folder;
  const std::string path = folder.write("table", text);
  const std::uint64_t header = format == mlpipe_delimited ? text.find_first_of("\r\n") + (text.find("\r\n") == text.find_first_of("\r\n") ? 2 : 1) : 0;
  const mlpipe_range range{header, text.size()};
  auto piece = piece_of(path, range, header);
  piece.format = format;
  piece.delimiter = delimiter;
  return read_table({piece}, columns, at_once);
}

inline TableColumns floats_of(std::vector<std::string> names) { return {{{"", ValueType::float32, std::move(names)}}, std::nullopt, {}}; }

}  // namespace mlpipe::test
