#include "scoring/rows/row_writer.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/csv_text.h"
#include "base/text.h"
#include "scoring/rows/cells.h"

namespace mlpipe {
namespace {

std::string json_text(std::string_view text) {
  return nlohmann::json(std::string(text)).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

// What stands between the items of a list while it is taken apart again: a label is a line, so it has none.
constexpr char between_items = '\n';

// A number's own text as JSON has it: without the blanks, the plus and the zeros that a format puts in front.
void append_json_number(std::string_view number, std::string& out) {
  number = trim(number);
  if (number.empty() || number.find_first_of("nN") != std::string_view::npos) {  // nothing at all, nan, inf
    out += "null";
    return;
  }
  if (number.front() == '-') out += '-';
  number.remove_prefix(std::min(number.find_first_not_of("+-0"), number.size()));
  if (number.empty() || number.front() < '1' || number.front() > '9') out += '0';
  out += number;
}

void append_json_list(std::string_view items, bool texts, std::string& out) {
  out += '[';
  if (!items.empty())
    for (const std::string_view item : split(items, between_items)) {
      if (out.back() != '[') out += ", ";
      if (texts) out += json_text(item);
      else append_json_number(item, out);
    }
  out += ']';
}

// What an .npy says a row of it is of. A table has one name for all its rows.
std::string_view item_of_row(ScoringInput input) {
  switch (input) {
    case ScoringInput::image: return "{name}";
    case ScoringInput::table: return "{row}";
    case ScoringInput::array: break;
  }
  return "{name} {row}";
}

// In quotes where RFC 4180 wants them; bytes that are not UTF-8 stay what they are.
void append_field(std::string& out, std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) out += text;
  else append_quoted(out, text);
}

std::string as_utf8(std::string_view text) {
  std::string valid;
  append_valid(valid, text);
  return valid;
}

}  // namespace

Result<RowWriter> RowWriter::make(const Scoring& scoring) {
  RowWriter writer;
  writer.format_ = scoring.format;
  if (scoring.format == RowFormat::text) MLPIPE_TRY_VOID(writer.add("", scoring.output.value));
  else if (scoring.format == RowFormat::npy) MLPIPE_TRY_VOID(writer.add("", item_of_row(scoring.input)));
  else
    for (const RowColumn& column : scoring.columns) MLPIPE_TRY_VOID(writer.add(column.name, column.field));
  return writer;
}

Status RowWriter::add(std::string name, std::string_view text) {
  MLPIPE_TRY(RowTemplate value, RowTemplate::parse(text));
  Column column{json_text(name) + ": ", std::move(name), std::move(value), {}};
  for (const std::string& wanted : column.value.columns()) {
    const auto found = std::find(columns_.begin(), columns_.end(), wanted);
    column.places.push_back(static_cast<std::size_t>(found - columns_.begin()));
    if (found == columns_.end()) columns_.push_back(wanted);
  }
  parts_.push_back(std::move(column));
  return {};
}

std::string RowWriter::header() const {
  std::string line;
  if (format_ != RowFormat::csv) return line;
  for (const Column& part : parts_) {
    if (!line.empty()) line += ',';
    append_field(line, part.name);
  }
  return line + '\n';
}

std::size_t RowWriter::values_needed() const {
  std::size_t needed = 0;
  for (const Column& part : parts_) needed = std::max(needed, part.value.values_needed());
  return needed;
}

bool RowWriter::needs_labels() const {
  return std::any_of(parts_.begin(), parts_.end(), [](const Column& part) { return part.value.needs_labels(); });
}

void RowWriter::append_value(const Column& column, RowFacts facts, std::string& out) const {
  if (column.places.empty()) return column.value.append(facts, out);
  std::vector<std::string_view> own;
  for (const std::size_t place : column.places) own.push_back(facts.columns[place]);
  facts.columns = own.data();
  column.value.append(facts, out);
}

std::vector<RowWriter::TableColumn> RowWriter::table() const {
  std::vector<TableColumn> columns;
  for (const Column& part : parts_) columns.push_back({part.name, part.value.form() == RowTemplate::Form::number});
  return columns;
}

void RowWriter::append_cells(const RowFacts& facts, std::string& out) const {
  for (const Column& part : parts_) {
    std::string value;
    append_value(part, facts, value);
    append_cell(format_ == RowFormat::parquet ? as_utf8(value) : value, out);
  }
  if (format_ == RowFormat::npy) append_cell({reinterpret_cast<const char*>(facts.values), facts.count * sizeof(float)}, out);
}

void RowWriter::append_json(const Column& column, RowFacts facts, std::string& out) const {
  facts.between = between_items;
  std::string value;
  append_value(column, facts, value);
  switch (column.value.form()) {
    case RowTemplate::Form::number: return append_json_number(value, out);
    case RowTemplate::Form::list: return append_json_list(value, facts.labels && column.value.lists_labels(), out);
    case RowTemplate::Form::text: out += json_text(value);
  }
}

void RowWriter::append(const RowFacts& facts, std::string& out) const {
  const auto separated = [&](std::string_view open, std::string_view between, std::string_view close, auto each) {
    out += open;
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      if (i > 0) out += between;
      each(parts_[i]);
    }
    out += close;
  };
  switch (format_) {
    case RowFormat::text: return separated("", "", "\n", [&](const Column& part) { append_value(part, facts, out); });
    case RowFormat::csv:
      return separated("", ",", "\n", [&](const Column& part) {
        std::string value;
        append_value(part, facts, value);
        append_field(out, value);
      });
    case RowFormat::json_lines:
      return separated("{", ", ", "}\n", [&](const Column& part) {
        out += part.json_name;
        append_json(part, facts, out);
      });
    case RowFormat::npy:
    case RowFormat::parquet: return append_cells(facts, out);
  }
}

}  // namespace mlpipe
