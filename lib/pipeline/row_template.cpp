#include "pipeline/row_template.h"

#include <fmt/format.h>

#include <cmath>
#include <iterator>

#include "base/text.h"

namespace mlpipe {
namespace {

constexpr std::string_view field_names[] = {"name", "path", "row", "argmax", "max", "values"};

Error spec_error(std::string message, std::string hint = {}) { return {ErrorKind::spec, std::move(message), std::move(hint)}; }

std::string_view take_digits(std::string_view& text) {
  const std::string_view digits = text.substr(0, std::min(text.find_first_not_of("0123456789"), text.size()));
  text.remove_prefix(digits.size());
  return digits;
}

bool take_one_of(std::string_view& text, std::string_view set) {
  if (text.empty() || set.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

// The part of Python's format language that fmt reads alike: [<>^][+- ][0][width][.precision]type.
bool is_format(std::string_view text, std::string_view types, bool precision_allowed) {
  const bool aligned = take_one_of(text, "<>^");
  take_one_of(text, "+- ");
  if (text.starts_with('0') && aligned) return false;
  if (take_digits(text).size() > 3) return false;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    const std::size_t digits = take_digits(text).size();
    if (!precision_allowed || digits < 1 || digits > 2) return false;
  }
  return take_one_of(text, types) && text.empty();
}

// Python's repr of a float: shortest digits that read back, a point or an exponent always.
void append_repr(double value, std::string& out) {
  const std::size_t start = out.size();
  fmt::format_to(std::back_inserter(out), "{}", value);
  if (out.find_first_of(".en", start) == std::string::npos) out += ".0";
}

void append_number(double value, const std::string& format, std::string& out) {
  if (format.empty()) append_repr(value, out);
  else fmt::format_to(std::back_inserter(out), fmt::runtime(format), value);
}

void append_index(std::size_t value, const std::string& format, std::string& out) {
  fmt::format_to(std::back_inserter(out), fmt::runtime(format.empty() ? "{}" : format), value);
}

// As numpy and torch: the first of equals, and a NaN before everything.
std::size_t argmax(const RowFacts& facts) {
  std::size_t best = 0;
  for (std::size_t i = 0; i < facts.count; ++i) {
    if (std::isnan(facts.values[i])) return i;
    if (facts.values[i] > facts.values[best]) best = i;
  }
  return best;
}

std::string_view file_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

}  // namespace

Result<RowTemplate> RowTemplate::parse(std::string_view text) {
  RowTemplate result;
  std::string literal;
  const auto flush = [&] {
    if (!literal.empty()) result.parts_.push_back({Field::text, std::exchange(literal, {}), 0, {}});
  };
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c != '{' && c != '}') {
      literal += c;
    } else if (text.substr(at + 1).starts_with(c)) {
      literal += c;
      ++at;
    } else if (c == '}') {
      return spec_error("a `}` that closes nothing", "write }} for a brace");
    } else {
      const auto end = text.find('}', at);
      if (end == std::string_view::npos) return spec_error("a `{` that is never closed", "write {{ for a brace");
      flush();
      MLPIPE_TRY(Part part, parse_field(text.substr(at + 1, end - at - 1)));
      result.parts_.push_back(std::move(part));
      at = end;
    }
  }
  flush();
  return result;
}

Result<RowTemplate::Part> RowTemplate::parse_field(std::string_view inner) {
  const auto colon = inner.find(':');
  const std::string_view name = inner.substr(0, colon);
  Part part;
  constexpr Field fields[] = {Field::name, Field::path, Field::row, Field::argmax, Field::max, Field::values};
  for (std::size_t i = 0; i < std::size(fields); ++i)
    if (name == field_names[i]) part.field = fields[i];
  if (name.starts_with("value[") && name.ends_with(']')) {
    const auto index = parse_integer(name.substr(6, name.size() - 7));
    if (!index || *index < 0 || *index > 1'000'000)
      return spec_error(fmt::format("`{}` has no index", name), "values count from 0: {value[0]}");
    part.field = Field::value;
    part.index = *index;
  }
  if (part.field == Field::text) {
    std::vector<std::string> known(std::begin(field_names), std::end(field_names));
    known.push_back("value[0]");
    return spec_error(fmt::format("unknown field `{}`", name), suggestion(name, known));
  }
  if (colon == std::string_view::npos) return part;
  const std::string_view format = inner.substr(colon + 1);
  if (part.field == Field::name || part.field == Field::path)
    return spec_error(fmt::format("`{}` takes no format", name), "only numbers do");
  const bool whole = part.field == Field::row || part.field == Field::argmax;
  if (!is_format(format, whole ? "d" : "eEfFgG", !whole))
    return spec_error(fmt::format("`{}` is no format of a number", format),
                      whole ? "as {argmax:3d}" : "as {max:.4f}, {max:8.3e} or {max:.6g}");
  part.format = fmt::format("{{:{}}}", format);
  return part;
}

std::size_t RowTemplate::values_needed() const {
  std::size_t needed = 0;
  for (const Part& part : parts_) {
    if (part.field == Field::value) needed = std::max(needed, part.index + 1);
    if (part.field == Field::argmax || part.field == Field::max) needed = std::max<std::size_t>(needed, 1);
  }
  return needed;
}

void RowTemplate::append(const RowFacts& facts, std::string& out) const {
  for (const Part& part : parts_) append_part(part, facts, out);
}

void RowTemplate::append_part(const Part& part, const RowFacts& facts, std::string& out) {
  switch (part.field) {
    case Field::text: out += part.text; break;
    case Field::name: out += file_name(facts.path); break;
    case Field::path: out += facts.path; break;
    case Field::row: append_index(facts.row, part.format, out); break;
    case Field::argmax: append_index(argmax(facts), part.format, out); break;
    case Field::max:
      if (facts.count > 0) append_number(facts.values[argmax(facts)], part.format, out);
      break;
    case Field::value:
      if (part.index < facts.count) append_number(facts.values[part.index], part.format, out);
      break;
    case Field::values:
      for (std::size_t i = 0; i < facts.count; ++i) {
        if (i > 0) out += ' ';
        append_number(facts.values[i], part.format, out);
      }
      break;
  }
}

}  // namespace mlpipe
