// `partition_format` of an input: what the path of a file says about it. "{user}/{season}/{genres}.wav" gives three columns,
// "{day:yyyy/MM/dd}/data.csv" a time. As in Azure the format stands for the end of the path, as many parts of it as the
// format has; a slash in front means nothing. A column takes at least one byte, no slash, and as much as it can get; of a
// time, yyyy, MM, dd, HH, mm and ss are digits, all else stands for itself.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace mlpipe {

class PartitionFormat {
 public:
  struct Column {
    std::string name;
    bool time = false;
  };

  // Error (kind spec): no column, one twice, an unknown letter in a time, a brace without its other half, two columns side by side.
  static Result<PartitionFormat> parse(std::string_view text);

  const std::vector<Column>& columns() const { return columns_; }
  // The columns' values, or nothing when the path is another. Times are "2019-01-31T00:00:00".
  std::optional<std::vector<std::string>> match(std::string_view path) const;

 private:
  struct Atom {
    enum class Kind { text, column, digits } kind = Kind::text;
    std::string text;         // of text
    std::size_t column = 0;   // of the others
    std::size_t unit = 0;     // of digits: year, month, day, hour, minute, second
    std::size_t width = 0;
  };
  using Part = std::vector<Atom>;  // between two slashes
  class Parser;
  class Matcher;

  std::vector<Column> columns_;
  std::vector<Part> parts_;
};

}  // namespace mlpipe
