#include "pipeline/partition_format.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "base/text.h"

namespace mlpipe {
namespace {

constexpr std::string_view units[] = {"yyyy", "MM", "dd", "HH", "mm", "ss"};
using Time = std::array<int, 6>;

Error wrong(std::string message, std::string hint = {}) { return {ErrorKind::spec, std::move(message), std::move(hint)}; }

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

std::optional<std::string> text_of(const Time& time) {
  using namespace std::chrono;
  const auto [y, mo, d, h, mi, s] = time;
  if (!year_month_day(year(y), month(static_cast<unsigned>(mo)), day(static_cast<unsigned>(d))).ok()) return std::nullopt;
  if (h > 23 || mi > 59 || s > 59) return std::nullopt;
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", y, mo, d, h, mi, s);
}

}  // namespace

class PartitionFormat::Parser {
 public:
  explicit Parser(std::string_view text) : rest_(text) {
    if (rest_.starts_with('/')) rest_.remove_prefix(1);
    format_.parts_.emplace_back();
  }

  Result<PartitionFormat> parse() {
    while (!rest_.empty()) {
      const char byte = rest_.front();
      if (byte == '}') return wrong("`}` without `{` before it");
      if (byte == '{') MLPIPE_TRY_VOID(column());
      else literal(byte);
    }
    if (format_.columns_.empty()) return wrong("it has no {column}", "write one like \"{region}/{name}.csv\"");
    for (const Part& part : format_.parts_)
      if (part.empty()) return wrong("a part of the path is empty", "write one slash between two parts, none at the end");
    return std::move(format_);
  }

 private:
  Part& part() { return format_.parts_.back(); }

  void literal(char byte) {
    rest_.remove_prefix(1);
    if (byte == '/') return void(format_.parts_.emplace_back());
    if (part().empty() || part().back().kind != Atom::Kind::text) part().push_back({});
    part().back().text += byte;
  }

  Status column() {
    const auto close = rest_.find('}');
    if (close == std::string_view::npos) return wrong("`{` without `}` behind it");
    const std::string_view inner = rest_.substr(1, close - 1);
    rest_.remove_prefix(close + 1);
    const auto colon = inner.find(':');
    const std::string name(inner.substr(0, colon));
    if (trim(name).empty() || name.find_first_of("{/") != std::string::npos)
      return wrong(fmt::format("`{{{}}}` does not name a column", inner), "write {name}, or {name:yyyy/MM/dd} for a time");
    for (const Column& known : format_.columns_)
      if (known.name == name) return wrong(fmt::format("`{{{}}}` is there twice", name), "each column has one place in the path");
    format_.columns_.push_back({name, colon != std::string_view::npos});
    if (colon != std::string_view::npos) return time(inner.substr(colon + 1), name);
    if (!part().empty() && part().back().kind == Atom::Kind::column)
      return wrong(fmt::format("nothing separates `{{{}}}` from the column before it", name), "put a text between them");
    part().push_back({Atom::Kind::column, {}, format_.columns_.size() - 1});
    return {};
  }

  Status time(std::string_view pattern, const std::string& name) {
    bool year = false;
    while (!pattern.empty()) {
      const auto* unit = std::find_if(std::begin(units), std::end(units), [&](std::string_view u) { return pattern.starts_with(u); });
      if (unit == std::end(units)) {
        if (is_letter(pattern.front()))
          return wrong(fmt::format("`{}` is no part of a time, in column `{}`", pattern.front(), name), "one of: yyyy, MM, dd, HH, mm, ss");
        literal_in_time(pattern.front());
        pattern.remove_prefix(1);
        continue;
      }
      const auto number = static_cast<std::size_t>(unit - std::begin(units));
      year = year || number == 0;
      part().push_back({Atom::Kind::digits, {}, format_.columns_.size() - 1, number, unit->size()});
      pattern.remove_prefix(unit->size());
    }
    if (!year) return wrong(fmt::format("the time in column `{}` has no year", name), "write yyyy where it stands");
    return {};
  }

  void literal_in_time(char byte) {
    const auto rest = std::exchange(rest_, std::string_view(&byte, 1));
    literal(byte);
    rest_ = rest;
  }

  std::string_view rest_;
  PartitionFormat format_;
};

// One part of a path against one part of the format.
class PartitionFormat::Matcher {
 public:
  Matcher(const Part& part, std::string_view text, std::vector<std::string>& values, std::vector<Time>& times)
      : part_(part), text_(text), values_(values), times_(times), hopeless_((part.size() + 1) * (text.size() + 1)) {}

  bool from(std::size_t atom, std::size_t at) {
    if (atom == part_.size()) return at == text_.size();
    auto&& known = hopeless_[atom * (text_.size() + 1) + at];
    if (known) return false;
    const bool fits = one(part_[atom], atom, at);
    if (!fits) known = true;
    return fits;
  }

 private:
  bool one(const Atom& atom, std::size_t number, std::size_t at) {
    switch (atom.kind) {
      case Atom::Kind::text: return text_.substr(at).starts_with(atom.text) && from(number + 1, at + atom.text.size());
      case Atom::Kind::digits: return digits(atom, at) && from(number + 1, at + atom.width);
      case Atom::Kind::column:
        for (std::size_t end = text_.size(); end > at; --end) {
          if (!from(number + 1, end)) continue;
          values_[atom.column] = text_.substr(at, end - at);
          return true;
        }
    }
    return false;
  }

  bool digits(const Atom& atom, std::size_t at) {
    const auto text = text_.substr(at, atom.width);
    if (text.size() != atom.width || text.find_first_not_of("0123456789") != std::string_view::npos) return false;
    times_[atom.column][atom.unit] = static_cast<int>(*parse_integer(text));
    return true;
  }

  const Part& part_;
  std::string_view text_;
  std::vector<std::string>& values_;
  std::vector<Time>& times_;
  std::vector<bool> hopeless_;  // places from which the rest does not fit
};

Result<PartitionFormat> PartitionFormat::parse(std::string_view text) { return Parser(text).parse(); }

std::optional<std::vector<std::string>> PartitionFormat::match(std::string_view path) const {
  auto parts = split(path, '/');
  if (parts.size() < parts_.size()) return std::nullopt;
  parts.erase(parts.begin(), parts.end() - static_cast<std::ptrdiff_t>(parts_.size()));
  std::vector<std::string> values(columns_.size());
  std::vector<Time> times(columns_.size(), Time{1, 1, 1, 0, 0, 0});
  for (std::size_t i = 0; i < parts_.size(); ++i)
    if (!Matcher(parts_[i], parts[i], values, times).from(0, 0)) return std::nullopt;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (!columns_[i].time) continue;
    auto time = text_of(times[i]);
    if (!time) return std::nullopt;
    values[i] = std::move(*time);
  }
  return values;
}

}  // namespace mlpipe
