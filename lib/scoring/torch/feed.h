// Brings the items of a mini-batch into passes: one kind an input. What cannot be read is told to the sink, item by item; an error
// means that the mini-batch as a whole failed.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "scoring/module.h"
#include "scoring/torch/passes.h"

namespace mlpipe {

class Feed {
 public:
  virtual ~Feed() = default;
  virtual Status run(const mlpipe_mini_batch& mini_batch, Passes& passes, const mlpipe_row_sink& sink) const = 0;
  // Of a row, where the configuration says it before any item is seen.
  virtual std::optional<std::vector<InputRow>> shape() const = 0;
};

// `texts`: RowWriter::columns(). Error: a configuration that cannot be.
Result<std::unique_ptr<Feed>> make_feed(const Scoring& scoring, const std::vector<std::string>& texts);

// The three of them.
Result<std::unique_ptr<Feed>> make_image_feed(const Scoring& scoring);
Result<std::unique_ptr<Feed>> make_array_feed(const Scoring& scoring);
Result<std::unique_ptr<Feed>> make_table_feed(const Scoring& scoring, const std::vector<std::string>& texts);

void tell_failed(const mlpipe_row_sink& sink, std::size_t item, const Error& error);

}  // namespace mlpipe
