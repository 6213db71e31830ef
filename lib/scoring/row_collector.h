// What a scoring module tells about the items of one mini-batch, kept until all of it is told.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "scoring/module.h"

namespace mlpipe {

class RowCollector {
 public:
  explicit RowCollector(std::size_t items) : reasons_(items) {}

  // Valid as long as this is, and stays where it is.
  mlpipe_row_sink sink() { return {this, on_rows, on_failed}; }
  // Of items that did not fail, in their order.
  std::string& rows() { return rows_; }
  // Of each item: why it failed.
  std::vector<std::optional<std::string>>& reasons() { return reasons_; }

 private:
  static void on_rows(void* context, std::size_t item, std::size_t count, const char* text, std::size_t length);
  static void on_failed(void* context, std::size_t item, const char* reason, std::size_t length);

  std::string rows_;
  std::vector<std::optional<std::string>> reasons_;
  std::optional<std::size_t> last_;  // the item that gave rows last, alone
  std::size_t last_begins_ = 0;      // where its rows begin
};

}  // namespace mlpipe
