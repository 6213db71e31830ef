#include "azure/values.h"

#include <fmt/format.h>

#include <cmath>

#include "base/text.h"

namespace mlpipe::azure {
namespace {

// Python writes the number in the same way.
bool is_as_python_writes(std::string_view text) {
  if (const auto integer = parse_integer(text)) return std::to_string(*integer) == text;
  const auto number = parse_number(text);
  if (!number || text.find('.') == std::string_view::npos) return false;
  const double size = std::abs(*number);
  return size >= 1e-4 && size < 1e16 && fmt::format("{}", *number) == text;
}

}  // namespace

std::string_view input_type(const Parameter& parameter) {
  const bool number = parameter.type == ParameterType::integer || parameter.type == ParameterType::number;
  if (!number || !is_as_python_writes(parameter.value)) return "string";
  return parameter.type == ParameterType::integer ? "integer" : "number";
}

bool survives(std::string_view value, char quote) { return value.find_first_of(quote == '\'' ? "'" : "\"$`\\") == std::string_view::npos; }

std::string in_quotes(std::string_view expression, std::string_view value, char around) {
  if (around != 0 && survives(value, around)) return std::string(expression);
  const char quote = survives(value, '"') ? '"' : '\'';
  if (around == 0) return fmt::format("{0}{1}{0}", quote, expression);
  if (around == quote) return std::string(expression);
  return fmt::format("{0}{1}{2}{1}{0}", around, quote, expression);
}

}  // namespace mlpipe::azure
