// What an MLTable file says: which files are a table, how they are read, and what becomes of their rows. Pure data.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/diagnostic.h"

namespace mlpipe {

struct MLTable {
  enum class Reader { files, delimited, json_lines, parquet };  // files: the items are files, not rows
  // Where delimited text says what its columns are called. The first file's header names the columns of all, but for `each_file`.
  enum class Header { none, first_file, every_file, each_file };

  // One of its `paths`.
  struct Place {
    std::string written;
    std::filesystem::path path;  // absolute: a file or a folder; of a pattern, the folder before its first wildcard
    std::string pattern;         // below path; empty: the path itself
    Location where;
  };

  std::filesystem::path folder;  // that it lies in; absolute
  std::vector<Place> places;     // never empty
  Reader reader = Reader::files;
  char delimiter = ',';
  Header header = Header::every_file;
  bool multi_line = false;       // a quoted field may hold line breaks
  std::string encoding;          // Python's name for it; a superset of ASCII
  std::string partition_format;  // pipeline/partition_format.h; empty: paths say nothing
  std::uint64_t skip = 0;        // rows, or files, at the beginning
  std::optional<std::uint64_t> take;  // then so many of them
  // How rows become a DataFrame, as JSON: the transformations in their order, checked. worker/python/mlpipe_mltable.py reads it.
  std::string transformations;

  bool is_table() const { return reader != Reader::files; }
};

}  // namespace mlpipe
