// How table splits are made: which files, and which of their rows go together.
#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "base/text.h"
#include "batch/plan/item_listing.h"
#include "batch/plan/table_split.h"

namespace mlpipe {
namespace {

Error wrong(std::string message, std::string hint = {}) { return {ErrorKind::step_failed, std::move(message), std::move(hint)}; }

// Marks and checksums that writers of tables leave beside them.
bool is_beside_the_point(std::string_view name) { return name.starts_with('_') || name.starts_with('.'); }

Error unknown_kind(const TableInput& input, const Path& path) {
  const bool packed = std::set<std::string>{".gz", ".bz2", ".xz", ".zst", ".zip"}.contains(lower(path.extension().string()));
  if (packed) return wrong(fmt::format("input `{}`: {} is compressed, so it cannot be split", input.name, shown_path(path)), "unpack it");
  return wrong(fmt::format("input `{}`: {} does not say by its ending what kind of table it is", input.name, shown_path(path)),
               "known are .csv, .tsv, .jsonl, .ndjson, .json and .parquet; choose files by a pattern, or give the input a `delimiter`");
}

// A name that does not fit the format.
Error other_path(const std::string& input, const std::string& path, const std::string& format) {
  return wrong(fmt::format("input `{}`: {} does not fit partition_format {}", input, path, format),
               "the format stands for the end of each file's path");
}

}  // namespace

class TableSplit::Builder {
 public:
  Status add(const TableInput& input) {
    if (input.mltable) return add_mltable(input);
    ItemListing listing;
    MLPIPE_TRY_VOID(list_items(input.name, input.path, *input.tree, listing));
    std::optional<PartitionFormat> format;
    if (!input.format.partition_format.empty()) {
      MLPIPE_TRY(format, PartitionFormat::parse(input.format.partition_format));
    }
    begin_input(input.name, listing.inputs[0].base, format);
    const auto before = split_->files_.size();
    for (const auto& folder : listing.folders)
      for (auto item = folder.first; item < folder.first + folder.count; ++item)
        MLPIPE_TRY_VOID(add_file(input, format, listing.path_below(folder, item)));
    if (split_->files_.size() == before) return wrong(fmt::format("input `{}` has no tables: {}", input.name, shown_path(input.path)));
    return {};
  }

  Path path_of(const File& file) const { return split_->inputs_[file.input].base / file.path; }
  // The rows of the input that count.
  RowWindow window_of(std::uint32_t input) const { return windows_[input]; }

  std::unique_ptr<const Split> finish(std::optional<std::uint64_t> sample) {
    if (sample) keep_first(*sample);
    for (const Batch& batch : split_->batches_) split_->items_ += batch.items;
    return std::move(split_);
  }

  TableSplit* operator->() { return split_.get(); }

 private:
  TableSplit::Input& begin_input(const std::string& name, const Path& base, const std::optional<PartitionFormat>& format) {
    split_->inputs_.push_back({name, base, format ? format->columns() : std::vector<PartitionFormat::Column>(), {}});
    split_->inputs_.back().first_file = static_cast<std::uint32_t>(split_->files_.size());
    windows_.emplace_back();
    return split_->inputs_.back();
  }

  Status add_mltable(const TableInput& input) {
    const MLTable& table = *input.mltable;
    std::optional<PartitionFormat> format;
    if (!table.partition_format.empty()) {
      MLPIPE_TRY(format, PartitionFormat::parse(table.partition_format));
    }
    TableSplit::Input& made = begin_input(input.name, input.path, format);
    made.transformations = table.transformations;
    made.one_header = table.reader == MLTable::Reader::delimited && (table.header == MLTable::Header::first_file || table.header == MLTable::Header::every_file);
    windows_.back() = {table.skip, table.take.value_or(UINT64_MAX)};
    for (const std::string& path : input.files) {
      File file = new_file(path);
      file.kind = kind_of(table, split_->files_.size() == made.first_file);
      if (format) MLPIPE_TRY_VOID(set_values(input.name, table.partition_format, *format, file));
      split_->files_.push_back(std::move(file));
    }
    return {};
  }

  static TableKind kind_of(const MLTable& table, bool first) {
    using Format = wire::TablePiece::Format;
    if (table.reader == MLTable::Reader::parquet) return {Format::parquet};
    if (table.reader == MLTable::Reader::json_lines) return {Format::json_lines};
    const bool header = table.header == MLTable::Header::first_file ? first : table.header != MLTable::Header::none;
    return {Format::delimited, table.delimiter, header, table.multi_line};
  }

  File new_file(std::string path) const {
    File file;
    file.input = static_cast<std::uint32_t>(split_->inputs_.size() - 1);
    file.path = std::move(path);
    return file;
  }

  Status set_values(const std::string& input, const std::string& written, const PartitionFormat& format, File& file) const {
    auto values = format.match((split_->inputs_.back().base / file.path).string());
    if (!values) return other_path(input, file.path, written);
    file.values = std::move(*values);
    return {};
  }

  Status add_file(const TableInput& input, const std::optional<PartitionFormat>& format, std::string path) {
    const auto& base = split_->inputs_.back().base;
    const auto kind = table_kind(path, input.format);
    if (!kind) return is_beside_the_point(Path(path).filename().string()) ? Status() : unknown_kind(input, base / path);
    File file = new_file(std::move(path));
    file.kind = *kind;
    if (format) MLPIPE_TRY_VOID(set_values(input.name, input.format.partition_format, *format, file));
    split_->files_.push_back(std::move(file));
    return {};
  }

  void keep_first(std::uint64_t count) {
    auto& batches = split_->batches_;
    std::uint64_t kept = 0;
    std::size_t keep = 0;
    while (keep < batches.size() && (keep == 0 || kept < count)) kept += batches[keep++].items;
    if (keep < batches.size()) split_->parts_.resize(batches[keep].first_part);
    batches.resize(keep);
    if (kept > count) batches.back().items -= static_cast<std::uint32_t>(kept - count);
  }

  std::unique_ptr<TableSplit> split_ = std::make_unique<TableSplit>();
  std::vector<RowWindow> windows_;  // of each input
};

Result<std::unique_ptr<const Split>> TableSplit::by_size(const std::vector<TableInput>& inputs, std::uint64_t size,
                                                         std::optional<std::uint64_t> sample) {
  Builder split;
  for (const auto& input : inputs) MLPIPE_TRY_VOID(split.add(input));
  std::uint64_t rows_before = 0;
  RowWindow window;
  for (std::uint32_t number = 0; number < split->files_.size(); ++number) {
    File& file = split->files_[number];
    if (number == split->inputs_[file.input].first_file) {
      rows_before = 0;
      window = split.window_of(file.input);
    }
    MLPIPE_TRY(TableRows rows, cut_rows(split.path_of(file), file.kind, size, window));
    file.header_bytes = rows.header_bytes;
    file.first_row = rows_before;
    if (rows.ranges.empty()) rows.ranges.emplace_back();
    for (const RowRange& range : rows.ranges) {
      split->batches_.push_back({split->parts_.size(), range.rows, range.rows, {}});
      split->parts_.push_back({number, range});
      file.rows += range.rows;
    }
    rows_before += file.rows;
  }
  return split.finish(sample);
}

// The groups of one input, each with its rows in the order of the files.
class TableSplit::Grouper {
 public:
  Grouper(Builder& split, std::uint32_t input, const std::vector<std::string>& keys)
      : split_(split), keys_(keys), window_(split.window_of(input)), one_header_(split->inputs_[input].one_header) {
    const auto& columns = split->inputs_[input].columns;
    for (const auto& key : keys) {
      const auto found = std::find_if(columns.begin(), columns.end(), [&](const auto& column) { return column.name == key; });
      from_path_.push_back(found - columns.begin());
      if (found != columns.end()) continue;
      from_path_.back() = -1;
      in_data_.push_back(key);
    }
  }

  Status add(std::uint32_t number) {
    File& file = split_->files_[number];
    const Path path = split_.path_of(file);
    if (in_data_.empty()) {
      MLPIPE_TRY(const TableRows rows, cut_rows(path, file.kind, UINT64_MAX, window_));
      file.header_bytes = rows.header_bytes;
      for (const RowRange& range : rows.ranges) MLPIPE_TRY_VOID(put(number, {}, range));
      return {};
    }
    if (file.kind.format == wire::TablePiece::Format::parquet)
      return wrong(fmt::format("{}: `{}` is no column of its path, and Parquet files are not grouped by their data", shown_path(path),
                               in_data_.front()),
                   "write a file for each value, and name the place of the key in `partition_format`");
    const TakeRow take = [&](std::vector<std::string> values, const RowRange& row) { return put(number, std::move(values), row); };
    if (!one_header_) names_.clear();
    MLPIPE_TRY(file.header_bytes, read_columns(path, file.kind, in_data_, window_, names_, take));
    return {};
  }

  void finish() {
    for (auto& [values, group] : groups_) {
      split_->batches_.push_back({split_->parts_.size(), group.rows, group.rows, values});
      split_->parts_.insert(split_->parts_.end(), group.parts.begin(), group.parts.end());
      group.parts = {};
    }
  }

 private:
  struct Group {
    std::uint32_t rows = 0;
    std::vector<Part> parts;
  };

  Status put(std::uint32_t number, std::vector<std::string> from_data, const RowRange& rows) {
    std::vector<std::string> values;
    auto next = from_data.begin();
    for (const auto place : from_path_)
      values.push_back(place < 0 ? std::move(*next++) : split_->files_[number].values[static_cast<std::size_t>(place)]);
    split_->files_[number].rows += rows.rows;
    Group& group = groups_[std::move(values)];
    if (group.rows >= UINT32_MAX - 1 - rows.rows) return wrong("a partition has more rows than can be counted (4294967295)");
    group.rows += rows.rows;
    const bool follows = !group.parts.empty() && group.parts.back().file == number &&
                         group.parts.back().rows.first_row + group.parts.back().rows.rows == rows.first_row;
    if (!follows) {
      group.parts.push_back({number, rows});
      return {};
    }
    group.parts.back().rows.end = rows.end;
    group.parts.back().rows.rows += rows.rows;
    return {};
  }

  Builder& split_;
  const std::vector<std::string>& keys_;
  std::vector<std::ptrdiff_t> from_path_;  // of each key, the path's column; -1: it is one of the data
  std::vector<std::string> in_data_;
  std::map<std::vector<std::string>, Group> groups_;
  RowWindow window_;
  bool one_header_;
  std::vector<std::string> names_;  // of the columns of the file at hand; with one header of all
};

Result<std::unique_ptr<const Split>> TableSplit::by_keys(const std::vector<TableInput>& inputs, const std::vector<std::string>& keys,
                                                         std::optional<std::uint64_t> sample) {
  Builder split;
  for (const auto& input : inputs) MLPIPE_TRY_VOID(split.add(input));
  split->keys_ = keys;
  for (std::uint32_t input = 0; input < inputs.size(); ++input) {
    Grouper groups(split, input, keys);
    for (std::uint32_t number = 0; number < split->files_.size(); ++number)
      if (split->files_[number].input == input) MLPIPE_TRY_VOID(groups.add(number));
    groups.finish();
  }
  if (split->batches_.empty()) return wrong("the tables have no rows to group by their partition keys");
  return split.finish(sample);
}

}  // namespace mlpipe
