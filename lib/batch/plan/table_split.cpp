#include "batch/plan/table_split.h"

#include <algorithm>

#include <fmt/format.h>

#include "batch/plan/plan_text.h"

namespace mlpipe {
namespace {

constexpr std::size_t most_ranges_named = 5;  // of one file

// What mltable looks at to tell the types of columns, unless the table says another number.
constexpr std::uint64_t sample_rows = 200;
constexpr std::uint64_t sample_bytes = 1 << 20;  // of one file
constexpr std::size_t sample_files = 200;

// "rows 0-11, 15, 20-24", without what is past the few that people read.
class RowNames {
 public:
  void add(std::uint64_t first, std::uint64_t count) {
    rows_ += count;
    if (++ranges_ > most_ranges_named) return;
    text_ += fmt::format("{}{}", text_.empty() ? "" : ", ", first);
    if (count > 1) text_ += fmt::format("-{}", first + count - 1);
  }
  std::string text() const {
    if (rows_ == 0) return " (no rows)";
    const auto more = ranges_ > most_ranges_named ? fmt::format(" and more, {} in all", rows_) : "";
    return fmt::format(" {} {}{}", rows_ == 1 ? "row" : "rows", text_, more);
  }

 private:
  std::string text_;
  std::uint64_t rows_ = 0;
  std::size_t ranges_ = 0;
};

}  // namespace

std::pair<std::uint64_t, std::uint64_t> TableSplit::parts_of(std::uint64_t mini_batch) const {
  const bool last = mini_batch + 1 == batches_.size();
  return {batches_[mini_batch].first_part, last ? parts_.size() : batches_[mini_batch + 1].first_part};
}

bool TableSplit::key_is_time(const Input& input, const std::string& key) const {
  return std::any_of(input.columns.begin(), input.columns.end(), [&](const auto& column) { return column.time && column.name == key; });
}

wire::TablePiece TableSplit::piece_of(const File& file) const {
  const Input& input = inputs_[file.input];
  wire::TablePiece piece;
  piece.path = (input.base / file.path).string();
  piece.format = file.kind.format;
  piece.delimiter = file.kind.delimiter;
  piece.header = file.kind.header;
  piece.header_bytes = file.header_bytes;
  if (input.one_header) {
    const File* named = &files_[input.first_file];
    while (named != &file && named->header_bytes == 0) ++named;
    if (named != &file) piece.header_path = (input.base / named->path).string();
    piece.header = true;
    piece.header_bytes = named->header_bytes;
  }
  for (std::size_t i = 0; i < input.columns.size(); ++i)
    piece.columns.push_back({input.columns[i].name, input.columns[i].time ? wire::Key::Type::time : wire::Key::Type::text, file.values[i]});
  return piece;
}

// The beginnings of its first files.
std::vector<wire::TablePiece> TableSplit::sample_of(std::uint32_t input) const {
  std::vector<wire::TablePiece> sample;
  std::uint64_t rows = 0;
  for (auto number = inputs_[input].first_file; number < files_.size() && files_[number].input == input; ++number) {
    const File& file = files_[number];
    if (file.kind.format != wire::TablePiece::Format::delimited || rows >= sample_rows || sample.size() == sample_files) break;
    sample.push_back(piece_of(file));
    sample.back().ranges = {{file.header_bytes, file.header_bytes + sample_bytes}};
    rows += file.rows;
  }
  return sample;
}

void TableSplit::fill(wire::MiniBatch& message, std::uint64_t mini_batch, Slice slice) const {
  const Batch& batch = batches_[mini_batch];
  const auto [begin, end] = parts_of(mini_batch);
  message.kind = wire::MiniBatch::Kind::table;
  message.rows = batch.rows;
  message.row_first = slice.first;
  message.row_count = slice.count;
  const File& first = files_[parts_[begin].file];
  if (keys_.empty()) message.first_row = first.first_row + parts_[begin].rows.first_row + slice.first;
  for (std::size_t i = 0; i < keys_.size(); ++i) {
    const bool time = key_is_time(inputs_[first.input], keys_[i]);
    message.keys.push_back({keys_[i], time ? wire::Key::Type::time : wire::Key::Type::text, batch.values[i]});
  }
  for (auto part = begin; part < end; ++part) {
    const Part& rows = parts_[part];
    if (part == begin || rows.file != parts_[part - 1].file) message.pieces.push_back(piece_of(files_[rows.file]));
    message.pieces.back().ranges.push_back({rows.rows.begin, rows.rows.end});
  }
  message.transformations = inputs_[first.input].transformations;
  if (!message.transformations.empty()) message.sample = sample_of(first.input);
}

std::vector<std::string> TableSplit::names_of(std::uint64_t mini_batch, Slice slice) const {
  const Batch& batch = batches_[mini_batch];
  const auto [begin, end] = parts_of(mini_batch);
  std::vector<std::string> names;
  std::string group;
  for (std::size_t i = 0; i < keys_.size(); ++i) group += fmt::format("{}{}={}", i > 0 ? ", " : "", keys_[i], batch.values[i]);
  if (!group.empty()) names.push_back("group " + group);
  std::uint64_t before = 0;
  const std::uint64_t last = std::uint64_t{slice.first} + slice.count;
  for (auto part = begin; part < end;) {
    const File& file = files_[parts_[part].file];
    RowNames rows;
    const auto already = before;
    for (const auto number = parts_[part].file; part < end && parts_[part].file == number; ++part) {
      const RowRange& range = parts_[part].rows;
      const auto from = std::max<std::uint64_t>(before, slice.first), to = std::min<std::uint64_t>(before + range.rows, last);
      if (from < to) rows.add(range.first_row + (from - before), to - from);
      before += range.rows;
    }
    const bool touched = already < last && before > slice.first;
    if (touched || batch.items == 0) names.push_back((inputs_[file.input].base / file.path).string() + rows.text());
  }
  return names;
}

std::vector<std::string> TableSplit::item_names(std::uint64_t mini_batch, Slice slice) const {
  std::vector<std::string> names;
  const auto [begin, end] = parts_of(mini_batch);
  std::uint64_t before = 0;
  const std::uint64_t last = std::uint64_t{slice.first} + slice.count;
  for (auto part = begin; part < end && before < last; ++part) {
    const auto& [number, range] = parts_[part];
    const std::string path = (inputs_[files_[number].input].base / files_[number].path).string();
    for (auto item = std::max<std::uint64_t>(before, slice.first); item < std::min(before + range.rows, last); ++item)
      names.push_back(fmt::format("{} row {}", path, range.first_row + (item - before)));
    before += range.rows;
  }
  return names;
}

std::string TableSplit::serialise() const {
  PlanWriter out(heading);
  out.number(keys_.size()).number(inputs_.size()).number(files_.size()).number(parts_.size()).number(batches_.size());
  for (const auto& key : keys_) out.bytes(key);
  for (const auto& input : inputs_) {
    out.name(input.name).number(input.columns.size());
    for (const auto& column : input.columns) out.bytes(column.name).number(column.time);
    out.bytes(input.transformations).number(input.first_file).number(input.one_header);
  }
  for (const auto& file : files_) {
    out.number(file.input).name(file.path).number(static_cast<std::uint64_t>(file.kind.format));
    out.number(static_cast<unsigned char>(file.kind.delimiter)).number(file.kind.header).number(file.kind.multi_line);
    out.number(file.header_bytes).number(file.first_row).number(file.rows);
    for (const auto& value : file.values) out.bytes(value);
  }
  for (const auto& [file, rows] : parts_) out.number(file).number(rows.begin).number(rows.end).number(rows.first_row).number(rows.rows);
  for (const auto& batch : batches_) {
    out.number(batch.first_part).number(batch.rows).number(batch.items);
    for (const auto& value : batch.values) out.bytes(value);
  }
  return std::move(out.text);
}

namespace {

template <class Number>
Number limited(PlanReader& in, std::uint64_t most) {
  const auto value = in.number();
  if (value > most) in.good = false;
  return in.good ? static_cast<Number>(value) : Number{};
}

std::vector<std::string> texts(PlanReader& in, std::size_t count) {
  std::vector<std::string> all;
  for (std::size_t i = 0; in.good && i < count; ++i) all.push_back(in.bytes());
  return all;
}

TableSplit::Input read_input(PlanReader& in) {
  TableSplit::Input input{in.name(), {}, {}, {}};
  for (auto left = in.count(); in.good && left > 0; --left) {
    auto name = in.bytes();
    input.columns.push_back({std::move(name), in.number() != 0});
  }
  input.transformations = in.bytes();
  input.first_file = limited<std::uint32_t>(in, UINT32_MAX);
  input.one_header = in.number() != 0;
  return input;
}

TableSplit::File read_file_entry(PlanReader& in, const std::vector<TableSplit::Input>& inputs) {
  TableSplit::File file;
  file.input = limited<std::uint32_t>(in, inputs.size() - 1);
  file.path = in.name();
  file.kind.format = limited<wire::TablePiece::Format>(in, static_cast<std::uint64_t>(wire::TablePiece::Format::parquet));
  file.kind.delimiter = static_cast<char>(limited<unsigned char>(in, 255));
  file.kind.header = in.number() != 0;
  file.kind.multi_line = in.number() != 0;
  file.header_bytes = in.number();
  file.first_row = in.number();
  file.rows = in.number();
  if (in.good) file.values = texts(in, inputs[file.input].columns.size());
  return file;
}

TableSplit::Part read_part(PlanReader& in, std::size_t files) {
  TableSplit::Part part;
  part.file = limited<std::uint32_t>(in, files - 1);
  part.rows.begin = in.number();
  part.rows.end = in.number();
  part.rows.first_row = in.number();
  part.rows.rows = limited<std::uint32_t>(in, UINT32_MAX - 1);
  return part;
}

}  // namespace

Result<std::unique_ptr<const Split>> TableSplit::read(std::string_view bytes) {
  PlanReader in(bytes.substr(heading.size()));
  const auto keys = in.count(2), inputs = in.count(2), files = in.count(2), parts = in.count(2), batches = in.count(2);
  if (!in.good || inputs == 0 || files == 0 || parts == 0 || batches == 0) return damaged_plan();
  auto split = std::make_unique<TableSplit>();
  split->keys_ = texts(in, keys);
  for (std::uint64_t i = 0; in.good && i < inputs; ++i) split->inputs_.push_back(read_input(in));
  for (std::uint64_t i = 0; in.good && i < files; ++i) split->files_.push_back(read_file_entry(in, split->inputs_));
  for (std::uint64_t i = 0; in.good && i < files; ++i) in.good = split->inputs_[split->files_[i].input].first_file <= i;
  for (std::uint64_t i = 0; in.good && i < parts; ++i) split->parts_.push_back(read_part(in, files));
  for (std::uint64_t i = 0; in.good && i < batches; ++i) {
    Batch batch;
    batch.first_part = limited<std::uint64_t>(in, parts - 1);
    batch.rows = limited<std::uint32_t>(in, UINT32_MAX - 1);
    batch.items = limited<std::uint32_t>(in, batch.rows);
    batch.values = texts(in, keys);
    const bool behind = i == 0 ? batch.first_part == 0 : batch.first_part > split->batches_.back().first_part;
    if (!behind) in.good = false;
    split->items_ += batch.items;
    split->batches_.push_back(std::move(batch));
  }
  if (!in.done()) return damaged_plan();
  return std::unique_ptr<const Split>(std::move(split));
}

}  // namespace mlpipe
