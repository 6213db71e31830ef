#include "pipeline/row_template.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numeric>
#include <optional>
#include <utility>

#include "base/text.h"

namespace mlpipe {
namespace {

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
  if (std::isnan(value)) value = std::abs(value);  // Python writes no sign of it
  if (format.empty()) append_repr(value, out);
  else fmt::format_to(std::back_inserter(out), fmt::runtime(format), value);
}

void append_index(std::uint64_t value, const std::string& format, std::string& out) {
  fmt::format_to(std::back_inserter(out), fmt::runtime(format.empty() ? "{}" : format), value);
}

// As numpy and torch: the first of equals, and a NaN before everything.
bool is_larger(float a, float b) { return std::isnan(a) ? !std::isnan(b) : a > b; }

std::size_t argmax(const RowFacts& facts) {
  std::size_t best = 0;
  for (std::size_t i = 1; i < facts.count; ++i)
    if (is_larger(facts.values[i], facts.values[best])) best = i;
  return best;
}

std::vector<std::size_t> largest(const RowFacts& facts, std::size_t count) {
  std::vector<std::size_t> order(facts.count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  count = std::min(count, order.size());
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count), order.end(), [&](std::size_t a, std::size_t b) {
    const float x = facts.values[a], y = facts.values[b];
    return is_larger(x, y) || (!is_larger(y, x) && a < b);
  });
  order.resize(count);
  return order;
}

// exp(x - max) / sum, which no value can overflow.
class Softmax {
 public:
  explicit Softmax(const RowFacts& facts) : facts_(facts) {
    if (facts.count == 0) return;
    max_ = facts.values[argmax(facts)];
    for (std::size_t i = 0; i < facts.count; ++i) sum_ += exponential(i);
  }
  double of(std::size_t i) const { return static_cast<float>(exponential(i) / sum_); }

 private:
  double exponential(std::size_t i) const { return std::exp(static_cast<double>(facts_.values[i]) - max_); }

  const RowFacts& facts_;
  double max_ = 0, sum_ = 0;
};

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
      MLPIPE_TRY(Part part, result.parse_field(text.substr(at + 1, end - at - 1)));
      result.parts_.push_back(std::move(part));
      at = end;
    }
  }
  flush();
  return result;
}

Result<RowTemplate::Part> RowTemplate::parse_name(std::string_view name) {
  static const std::pair<std::string, Field> plain[] = {{"name", Field::name},     {"path", Field::path}, {"row", Field::row},       {"argmax", Field::argmax},
                                                        {"label", Field::label},   {"max", Field::max},   {"values", Field::values}, {"softmax", Field::softmax}};
  static const std::pair<std::string, Field> indexed[] = {{"value", Field::value}, {"softmax", Field::softmax_of}, {"top", Field::top},
                                                          {"top_softmax", Field::top_softmax}, {"column", Field::column}};
  for (const auto& [known, field] : plain)
    if (name == known) return Part{field, {}, 0, {}};
  const auto bracket = name.find('[');
  const bool closed = bracket != std::string_view::npos && name.ends_with(']');
  const std::string_view inside = closed ? name.substr(bracket + 1, name.size() - bracket - 2) : std::string_view();
  for (const auto& [known, field] : indexed) {
    if (!closed || name.substr(0, bracket) != known) continue;
    if (field == Field::column) return Part{field, {}, index_of_column(inside), {}};
    if (field == Field::softmax_of && inside == "argmax") return Part{Field::softmax_of_argmax, {}, 0, {}};
    const auto index = parse_integer(inside);
    const bool counts = field == Field::top || field == Field::top_softmax;
    if (!index || *index < (counts ? 1 : 0) || *index > 1'000'000)
      return spec_error(fmt::format("`{}` has no {}", name, counts ? "number" : "index"), counts ? "the three largest: {top[3]}" : "values count from 0: {value[0]}");
    return Part{field, {}, static_cast<std::size_t>(*index), {}};
  }
  std::vector<std::string> known;
  for (const auto& [each, field] : plain) known.push_back(each);
  for (const auto& [each, field] : indexed) known.push_back(each + (field == Field::column ? "[NAME]" : "[0]"));
  return spec_error(fmt::format("unknown field `{}`", name), suggestion(name, known));
}

std::size_t RowTemplate::index_of_column(std::string_view name) {
  const auto found = std::find(columns_.begin(), columns_.end(), name);
  if (found != columns_.end()) return static_cast<std::size_t>(found - columns_.begin());
  columns_.emplace_back(name);
  return columns_.size() - 1;
}

Result<RowTemplate::Part> RowTemplate::parse_field(std::string_view inner) {
  const auto bracket = inner.find(']');
  const auto colon = inner.find(':', bracket == std::string_view::npos ? 0 : bracket);  // a column's name may have one
  const std::string_view name = inner.substr(0, colon);
  MLPIPE_TRY(Part part, parse_name(name));
  if (colon == std::string_view::npos) return part;
  const std::string_view format = inner.substr(colon + 1);
  constexpr Field texts[] = {Field::name, Field::path, Field::label, Field::column, Field::top};
  if (std::find(std::begin(texts), std::end(texts), part.field) != std::end(texts))
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
    switch (part.field) {
      case Field::value:
      case Field::softmax_of: needed = std::max(needed, part.index + 1); break;
      case Field::top:
      case Field::top_softmax: needed = std::max(needed, part.index); break;
      case Field::argmax:
      case Field::label:
      case Field::max:
      case Field::softmax_of_argmax: needed = std::max<std::size_t>(needed, 1); break;
      default: break;
    }
  }
  return needed;
}

bool RowTemplate::names_files() const {
  return std::any_of(parts_.begin(), parts_.end(), [](const Part& part) { return part.field == Field::name || part.field == Field::path; });
}

bool RowTemplate::needs_labels() const {
  return std::any_of(parts_.begin(), parts_.end(), [](const Part& part) { return part.field == Field::label; });
}

RowTemplate::Form RowTemplate::form() const {
  if (parts_.size() != 1) return Form::text;
  switch (parts_.front().field) {
    case Field::values:
    case Field::softmax:
    case Field::top:
    case Field::top_softmax: return Form::list;
    case Field::text:
    case Field::name:
    case Field::path:
    case Field::label:
    case Field::column: return Form::text;
    default: return Form::number;
  }
}

// Of one item: what several fields need is computed once.
class RowTemplate::Writer {
 public:
  Writer(const RowFacts& facts, std::string& out) : facts_(facts), out_(out) {}

  void append(const Part& part) {
    switch (part.field) {
      case Field::text: out_ += part.text; break;
      case Field::name: out_ += file_name(facts_.path); break;
      case Field::path: out_ += facts_.path; break;
      case Field::row: append_index(facts_.row, part.format, out_); break;
      case Field::column: out_ += facts_.columns[part.index]; break;
      case Field::argmax: append_index(best(), part.format, out_); break;
      case Field::label:
        if (facts_.count > 0) label(best());
        break;
      case Field::max:
        if (facts_.count > 0) append_number(facts_.values[best()], part.format, out_);
        break;
      case Field::value:
        if (part.index < facts_.count) append_number(facts_.values[part.index], part.format, out_);
        break;
      case Field::softmax_of:
        if (part.index < facts_.count) append_number(softmax().of(part.index), part.format, out_);
        break;
      case Field::softmax_of_argmax:
        if (facts_.count > 0) append_number(softmax().of(best()), part.format, out_);
        break;
      case Field::values: list(facts_.count, [&](std::size_t i) { append_number(facts_.values[i], part.format, out_); }); break;
      case Field::softmax: list(facts_.count, [&](std::size_t i) { append_number(softmax().of(i), part.format, out_); }); break;
      case Field::top:
      case Field::top_softmax: top(part); break;
    }
  }

 private:
  std::size_t best() {
    if (!best_) best_ = argmax(facts_);
    return *best_;
  }
  const Softmax& softmax() {
    if (!softmax_) softmax_.emplace(facts_);
    return *softmax_;
  }
  void label(std::size_t index) {
    if (facts_.labels && index < facts_.labels->size()) out_ += (*facts_.labels)[index];
    else append_index(index, {}, out_);
  }
  void top(const Part& part) {
    const auto order = largest(facts_, part.index);
    list(order.size(), [&](std::size_t i) {
      if (part.field == Field::top) label(order[i]);
      else append_number(softmax().of(order[i]), part.format, out_);
    });
  }
  template <class Each>
  void list(std::size_t count, Each each) {
    for (std::size_t i = 0; i < count; ++i) {
      if (i > 0) out_ += facts_.between;
      each(i);
    }
  }

  const RowFacts& facts_;
  std::string& out_;
  std::optional<std::size_t> best_;
  std::optional<Softmax> softmax_;
};

void RowTemplate::append(const RowFacts& facts, std::string& out) const {
  Writer writer(facts, out);
  for (const Part& part : parts_) writer.append(part);
}

}  // namespace mlpipe
