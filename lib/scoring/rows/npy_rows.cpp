#include "scoring/rows/npy_rows.h"

#include <fmt/format.h>

#include "scoring/rows/cells.h"
#include "scoring/rows/mini_batch_files.h"

namespace mlpipe {
namespace {

// Format version 1.0: the values begin at a multiple of 64 bytes.
std::string npy_header(std::size_t rows, std::size_t values) {
  std::string literal = fmt::format("{{'descr': '<f4', 'fortran_order': False, 'shape': ({}, {}), }}", rows, values);
  constexpr std::size_t before = 10;  // magic, version, and the length of the literal
  literal.append(63 - (before + literal.size()) % 64, ' ');
  literal += '\n';
  std::string header("\x93NUMPY\x01\x00", 8);
  header += static_cast<char>(literal.size() % 256);
  header += static_cast<char>(literal.size() / 256);
  return header + literal;
}

}  // namespace

Result<std::string> npy_files(std::string_view rows) {
  std::string items, values;
  std::size_t count = 0, row_size = 0;
  while (!rows.empty()) {
    for (const char byte : take_cell(rows)) items += byte == '\n' ? std::string("\\n") : std::string(1, byte);  // a line each
    items += '\n';
    const std::string_view row = take_cell(rows);
    if (count++ == 0) row_size = row.size();
    if (row.size() != row_size)
      return Error{ErrorKind::step_failed, fmt::format("the model gives {} values for one row and {} for another, which one .npy cannot hold", row_size / sizeof(float), row.size() / sizeof(float)),
                   "with `mini_batch_size: 1` each item has a file of its own; jsonl takes rows of any length"};
    values += row;
  }
  std::string files;
  append_mini_batch_file("npy", npy_header(count, row_size / sizeof(float)) + values, files);
  append_mini_batch_file("items.txt", items, files);
  return files;
}

}  // namespace mlpipe
