// numpy's .npy files (format versions 1 to 3), read row by row: the first axis counts rows. Values become float32 as
// numpy's astype does it, or int64 where no value changes. Rows are read when asked for, so that a file may be larger than memory.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "system/fd.h"
#include "system/files.h"

namespace mlpipe {

// What a header says. `kind` is numpy's: f, i, u or b.
struct NpyHeader {
  char kind = 'f';
  std::size_t item_size = 4;
  bool big_endian = false;
  bool fortran_order = false;
  std::vector<std::int64_t> shape;
};

// The Python literal of the header: {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }
Result<NpyHeader> parse_npy_header(std::string_view literal);

class NpyFile {
 public:
  // Error: not such a file, a type or an order that is not supported, or fewer bytes than its shape needs.
  static Result<NpyFile> open(const Path& path);
  // The same of `size` bytes of a file, from `begin` on, and of bytes in memory.
  static Result<NpyFile> open(const Path& path, std::uint64_t begin, std::uint64_t size);
  static Result<NpyFile> of_bytes(std::string bytes);

  std::size_t rows() const { return static_cast<std::size_t>(header_.shape[0]); }
  std::vector<std::int64_t> row_shape() const { return {header_.shape.begin() + 1, header_.shape.end()}; }
  // Whether all its values are whole numbers.
  bool integers() const { return header_.kind != 'f'; }
  Status read_row(std::size_t row, float* out);
  // Of integers() alone. Error: a value that does not fit.
  Status read_row(std::size_t row, std::int64_t* out);

 private:
  Status read_header();
  Status read(std::uint64_t offset, char* to, std::size_t size) const;
  Status fill(std::size_t first_row);
  Result<const char*> row_bytes(std::size_t row);
  bool swapped() const;

  Path path_;
  Fd file_;                                   // none: memory_
  std::string memory_;
  std::uint64_t begin_ = 0, size_ = 0;        // of the array within the file
  NpyHeader header_;
  std::uint64_t data_at_ = 0;
  std::size_t row_values_ = 0;
  std::string buffer_;                        // whole rows, from buffered_from_ on
  std::size_t buffered_from_ = 0, buffered_ = 0;
};

}  // namespace mlpipe
