// Rows of tables cut into mini-batches: by size within a file, or by the values of partition keys over the files of an input.
#pragma once

#include <optional>

#include "batch/plan/split.h"
#include "batch/plan/table_scan.h"
#include "pipeline/mltable.h"
#include "pipeline/partition_format.h"
#include "reuse/tree.h"

namespace mlpipe {

struct TableInput {
  std::string name;
  Path path;
  const Tree* tree = nullptr;
  TableFormat format;
  // Of an MLTable: what it says in place of `format`, and its files below `path` (or absolute) in place of those of the tree.
  const MLTable* mltable = nullptr;
  std::vector<std::string> files{};
};

class TableSplit final : public Split {
 public:
  struct Input {
    std::string name;
    Path base;
    std::vector<PartitionFormat::Column> columns;  // that paths give
    std::string transformations;                   // MLTable::transformations; empty: a plain table
    std::uint32_t first_file = 0;                  // of its files
    bool one_header = false;                       // the first header names the columns of all
  };
  struct File {
    std::uint32_t input = 0;
    std::string path;  // below the input's base
    TableKind kind;
    std::uint64_t header_bytes = 0;
    std::uint64_t first_row = 0;        // within the input
    std::uint64_t rows = 0;
    std::vector<std::string> values;    // of the input's columns
  };
  struct Part {
    std::uint32_t file = 0;
    RowRange rows;
  };
  struct Batch {
    std::uint64_t first_part = 0;
    std::uint32_t rows = 0;   // of its parts
    std::uint32_t items = 0;  // less only where a sample ends within
    std::vector<std::string> values;  // of the keys
  };

  // Cuts files into mini-batches of at most `size` bytes of rows; each file has one at least, perhaps without rows.
  static Result<std::unique_ptr<const Split>> by_size(const std::vector<TableInput>& inputs, std::uint64_t size,
                                                      std::optional<std::uint64_t> sample);
  // A mini-batch for each combination of the keys' values that an input has, in the order of the values. A key is a column of
  // the input's partition_format, or else of the data.
  static Result<std::unique_ptr<const Split>> by_keys(const std::vector<TableInput>& inputs, const std::vector<std::string>& keys,
                                                      std::optional<std::uint64_t> sample);

  // "mlpipe tables 2\n", then by PlanWriter: the numbers of keys, inputs, files, parts and mini-batches, and each of these
  static constexpr std::string_view heading = "mlpipe tables 2\n";
  static Result<std::unique_ptr<const Split>> read(std::string_view bytes);

  std::uint64_t mini_batches() const override { return batches_.size(); }
  std::uint64_t items() const override { return items_; }
  std::uint32_t items_of(std::uint64_t mini_batch) const override { return batches_[mini_batch].items; }
  bool divisible(std::uint64_t) const override { return keys_.empty(); }
  void fill(wire::MiniBatch& message, std::uint64_t mini_batch, Slice slice) const override;
  std::vector<std::string> names_of(std::uint64_t mini_batch, Slice slice) const override;
  bool names_are_items() const override { return false; }
  std::vector<std::string> item_names(std::uint64_t mini_batch, Slice slice) const override;
  std::string serialise() const override;

 private:
  class Builder;
  class Grouper;

  std::pair<std::uint64_t, std::uint64_t> parts_of(std::uint64_t mini_batch) const;
  wire::TablePiece piece_of(const File& file) const;
  std::vector<wire::TablePiece> sample_of(std::uint32_t input) const;
  bool key_is_time(const Input& input, const std::string& key) const;

  std::vector<std::string> keys_;
  std::vector<Input> inputs_;
  std::vector<File> files_;
  std::vector<Part> parts_;
  std::vector<Batch> batches_;
  std::uint64_t items_ = 0;
};

}  // namespace mlpipe
