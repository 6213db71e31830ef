// The rows of a table as numbers for a model: those of one mini-batch, from CSV, JSON lines or Parquet, read as they are asked for.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "pipeline/scoring.h"
#include "scoring/module.h"

namespace mlpipe {

// What of a table is wanted.
struct TableColumns {
  std::vector<ModelInput> inputs;    // for the model
  std::optional<double> missing;     // what stands for an empty value (NaN: of float32 alone); nothing: its row fails
  std::vector<std::string> texts;    // as they stand in the file, for {column[...]}
};

struct FailedRow {
  std::size_t row = 0;  // among those just read
  std::string reason;   // "column `age`: `n/a` is no number"
};

// Rows one after the other, over all pieces. Not copyable; files are opened when their rows are due.
class TableRows {
 public:
  virtual ~TableRows() = default;

  // Reads the next `most` rows, fewer only at the end. Input i of the columns gets its values at inputs[i]: row-major, float or
  // std::int64_t; a row that fails may leave anything there. Returns how many were read, 0 at the end. Error: a file cannot be read,
  // is not what its format says, or lacks a column.
  virtual Result<std::size_t> read(std::size_t most, const std::vector<void*>& inputs) = 0;
  // Of the rows just read, valid until the next read().
  virtual const std::vector<FailedRow>& failed() const = 0;
  virtual std::string_view text(std::size_t row, std::size_t column) const = 0;
};

// `pieces` must live as long as the rows.
Result<std::unique_ptr<TableRows>> open_table(const mlpipe_table_piece* pieces, std::size_t count, const TableColumns& columns);

}  // namespace mlpipe
