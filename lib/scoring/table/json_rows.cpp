#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/csv_scan.h"
#include "base/text.h"
#include "scoring/table/cell.h"
#include "scoring/table/piece_rows.h"
#include "scoring/table/range_reader.h"

namespace mlpipe {
namespace {

// The values of the wanted names in one line, as text: a number as it stands there, a truth as true or false, null as nothing.
class WantedValues final : public nlohmann::json_sax<nlohmann::json> {
 public:
  struct Value {
    enum class Kind { absent, text, nested } kind = Kind::absent;
    std::string text;
  };

  explicit WantedValues(const std::vector<std::string>& names) : names_(names), values_(names.size()) {}

  // Empty: it is an object; else what is wrong with the line.
  std::string take(std::string_view line) {
    for (Value& value : values_) value.kind = Value::Kind::absent;
    depth_ = 0;
    object_ = false;
    current_ = nullptr;
    error_.clear();
    const bool whole = nlohmann::json::sax_parse(line.begin(), line.end(), this);
    return !whole ? error_ : object_ ? "" : "the line is no JSON object: " + shown_value(line);
  }

  const Value& value(std::size_t name) const { return values_[name]; }

  bool null() override { return scalar(""); }
  bool boolean(bool value) override { return scalar(value ? "true" : "false"); }
  bool number_integer(number_integer_t value) override { return scalar(fmt::format_int(value).c_str()); }
  bool number_unsigned(number_unsigned_t value) override { return scalar(fmt::format_int(value).c_str()); }
  bool number_float(number_float_t, const string_t& text) override { return scalar(text); }
  bool string(string_t& value) override { return scalar(value); }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override {
    if (depth_ == 0) object_ = true;
    return start();
  }
  bool start_array(std::size_t) override { return start(); }
  bool end_object() override { return end(); }
  bool end_array() override { return end(); }
  bool key(string_t& name) override {
    if (depth_ != 1) return true;
    const auto found = std::find(names_.begin(), names_.end(), name);
    current_ = found == names_.end() ? nullptr : &values_[static_cast<std::size_t>(found - names_.begin())];
    return true;
  }
  bool parse_error(std::size_t place, const std::string&, const nlohmann::detail::exception& error) override {
    const std::string_view text = error.what();
    const auto colon = text.rfind(": ");
    error_ = fmt::format("the line is no JSON, at byte {}: {}", place, colon == std::string_view::npos ? text : text.substr(colon + 2));
    return false;
  }

 private:
  bool scalar(std::string_view text) {
    if (depth_ != 1 || !current_) return true;
    current_->kind = Value::Kind::text;
    current_->text = text;
    return true;
  }
  bool start() {
    if (depth_ == 1 && current_) current_->kind = Value::Kind::nested;
    ++depth_;
    return true;
  }
  bool end() {
    --depth_;
    return true;
  }

  const std::vector<std::string>& names_;
  std::vector<Value> values_;
  std::size_t depth_ = 0;
  bool object_ = false;
  Value* current_ = nullptr;  // what the last key of the line's object stands for, if it is wanted
  std::string error_;
};

class JsonRows final : public PieceRows {
 public:
  JsonRows(RangeReader reader, PiecePlan plan, std::vector<std::string> names)
      : reader_(std::move(reader)), plan_(std::move(plan)), names_(std::move(names)), values_(names_) {}

  Result<std::size_t> read(RowBlock& block, std::size_t first, std::size_t most) override {
    std::size_t rows = 0;
    while (rows < most) {
      MLPIPE_TRY(const bool more, next_line());
      if (!more) break;
      take(block, first + rows);
      ++rows;
    }
    return rows;
  }

 private:
  // The next line with text on it; false: there is none.
  Result<bool> next_line() {
    for (;;) {
      const auto text = reader_.text();
      const auto end = text.find('\n', std::max(at_, searched_));
      if (end == std::string_view::npos) {
        searched_ = text.size() - at_;
        MLPIPE_TRY(const bool more, reader_.advance(at_));
        if (!more) return false;
        at_ = 0;
        continue;
      }
      line_ = text.substr(at_, end - at_);
      at_ = end + 1;
      searched_ = 0;
      line_ = trimmed(line_);
      if (!line_.empty()) return true;
    }
  }

  // Of the blanks that LineScanner knows; then a byte order mark, which editors leave behind.
  static std::string_view trimmed(std::string_view line) {
    constexpr std::string_view blanks = " \t\r\n\v\f";
    const auto begin = line.find_first_not_of(blanks);
    if (begin == std::string_view::npos) return {};
    line = line.substr(begin, line.find_last_not_of(blanks) - begin + 1);
    if (line.starts_with(byte_order_mark)) line.remove_prefix(byte_order_mark.size());
    return line.empty() ? std::string_view("\0", 1) : line;  // a row nevertheless
  }

  void take(RowBlock& block, std::size_t row) {
    if (std::string wrong = values_.take(line_); !wrong.empty()) {
      block.fail(row, std::move(wrong));
      return;
    }
    for (std::size_t i = 0; i < plan_.inputs.size(); ++i)
      for (std::size_t n = 0; n < plan_.inputs[i].fields.size(); ++n) take_value(block, row, {i, plan_.inputs[i].places[n]}, plan_.inputs[i].fields[n]);
    for (std::size_t column = 0; column < plan_.texts.size(); ++column) {
      const auto& value = values_.value(plan_.texts[column].field);
      if (!plan_.texts[column].of_path) block.set_text(row, column, value.kind == WantedValues::Value::Kind::text ? std::string_view(value.text) : "");
    }
    plan_.take_of_path(row, block);
  }

  void take_value(RowBlock& block, std::size_t row, ValuePlace at, std::size_t name) {
    const auto& value = values_.value(name);
    switch (value.kind) {
      case WantedValues::Value::Kind::text: return block.take_text(row, at, value.text);
      case WantedValues::Value::Kind::nested: return block.fail(row, at, "an object or a list is no number");
      case WantedValues::Value::Kind::absent: return block.take_missing(row, at);
    }
  }

  RangeReader reader_;
  PiecePlan plan_;
  std::vector<std::string> names_;
  WantedValues values_;
  std::string_view line_;
  std::size_t at_ = 0, searched_ = 0;  // of the text: the next line's beginning, and up to where no line break is
};

}  // namespace

Result<std::unique_ptr<PieceRows>> open_json_lines(const mlpipe_table_piece& piece, const TableColumns& columns) {
  MLPIPE_TRY(RangeReader reader, RangeReader::open(piece));
  auto names = wanted_names(columns, piece);
  MLPIPE_TRY(PiecePlan plan, plan_piece(columns, piece, names));
  return std::unique_ptr<PieceRows>(std::make_unique<JsonRows>(std::move(reader), std::move(plan), std::move(names)));
}

}  // namespace mlpipe
