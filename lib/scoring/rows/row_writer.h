// What a model step writes about each item: a row template, a line of CSV, or an object of JSON lines. Deterministic text. What becomes
// an .npy or a Parquet file is cells.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "pipeline/row_template.h"
#include "pipeline/scoring.h"

namespace mlpipe {

class RowWriter {
 public:
  // Error (kind spec): a template that cannot be, as RowTemplate::parse.
  static Result<RowWriter> make(const Scoring& scoring);

  // The first line of the rows of a step, with its line end; empty: none.
  std::string header() const;
  // What {column[...]} of all templates names, each once.
  const std::vector<std::string>& columns() const { return columns_; }
  // How many values the model must give at least.
  std::size_t values_needed() const;
  bool needs_labels() const;
  // Of RowFormat::parquet: the columns of the table.
  struct TableColumn {
    std::string name;
    bool number = false;  // else text
  };
  std::vector<TableColumn> table() const;
  // One line, with its line end. Of parquet cells (scoring/rows/cells.h), one a column, text in UTF-8; of npy two of them: what the row is
  // of, and its values as they lie in memory. `facts.columns` in the order of columns().
  void append(const RowFacts& facts, std::string& out) const;

 private:
  struct Column {
    std::string json_name;  // as it begins a member of an object
    std::string name;
    RowTemplate value;
    std::vector<std::size_t> places;  // of its {column[...]}, in columns()
  };

  Status add(std::string name, std::string_view text);
  void append_value(const Column& column, RowFacts facts, std::string& out) const;
  void append_cells(const RowFacts& facts, std::string& out) const;
  void append_json(const Column& column, RowFacts facts, std::string& out) const;

  RowFormat format_ = RowFormat::text;
  std::vector<Column> parts_;  // of a row template, and of npy: one without a name
  std::vector<std::string> columns_;
};

}  // namespace mlpipe
