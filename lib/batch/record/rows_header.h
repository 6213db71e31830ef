// The first line of the published rows, when --append_row_dataframe_header asks for it: the column names of the mini-batch with
// the smallest number. Kept beside the journal, so that a later run that goes on knows it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "system/files.h"
#include "worker/protocol.h"

namespace mlpipe {

class RowsHeader {
 public:
  explicit RowsHeader(Path state);  // reads what an earlier run left there

  // Before the rows of its mini-batch are recorded. True: it differs from that of another mini-batch, for the first time in this run.
  Result<bool> came(wire::RowsHeader header);
  std::string text() const { return kept_ ? kept_->text : std::string(); }

 private:
  Path file_;
  std::optional<wire::RowsHeader> kept_;
  bool differed_ = false;
};

}  // namespace mlpipe
