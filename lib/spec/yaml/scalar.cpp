#include "spec/yaml/scalar.h"

#include <fmt/format.h>

#include "base/text.h"

namespace mlpipe::spec {
namespace {

constexpr std::size_t longest_shown = 60;

bool has_leading_zero(std::string_view text) {
  if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
  return text.size() > 1 && text[0] == '0' && text[1] >= '0' && text[1] <= '9';
}

bool is_plain_number(std::string_view text) {
  return !has_leading_zero(text) && text.find_first_not_of("+-.0123456789eE") == std::string_view::npos;
}

std::string shortened(std::string_view text) {
  if (text.size() <= longest_shown) return std::string(text);
  std::size_t keep = longest_shown;
  while (keep > 0 && (static_cast<unsigned char>(text[keep]) & 0xC0) == 0x80) --keep;
  return std::string(text.substr(0, keep)) + "...";
}

}  // namespace

std::optional<long long> as_integer(std::string_view text) {
  if (has_leading_zero(text)) return std::nullopt;
  return parse_integer(text);
}

std::optional<double> as_number(std::string_view text) {
  if (!is_plain_number(text)) return std::nullopt;
  return parse_number(text);
}

std::optional<bool> as_boolean(std::string_view text) {
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  return std::nullopt;
}

ParameterType type_of(const Scalar& scalar) {
  if (scalar.is_text) return ParameterType::string;
  if (as_boolean(scalar.text)) return ParameterType::boolean;
  if (as_integer(scalar.text)) return ParameterType::integer;
  return as_number(scalar.text) ? ParameterType::number : ParameterType::string;
}

std::string describe(const Scalar& scalar) {
  const std::string text = shortened(scalar.text);
  switch (type_of(scalar)) {
    case ParameterType::boolean: return text;
    case ParameterType::integer: return fmt::format("the integer {}", text);
    case ParameterType::number: return fmt::format("the number {}", text);
    case ParameterType::string: break;
  }
  return scalar.text.empty() ? "an empty text" : fmt::format("text `{}`", text);
}

std::string describe(const Value& value) {
  switch (value.node->kind) {
    case Node::Kind::null: return "nothing";
    case Node::Kind::sequence: return "a list";
    case Node::Kind::map: return "a map";
    case Node::Kind::scalar: break;
  }
  return describe(Scalar{value.node->text, value.node->is_text, value.where});
}

std::string_view describe(ParameterType type) {
  switch (type) {
    case ParameterType::integer: return "an integer";
    case ParameterType::number: return "a number";
    case ParameterType::boolean: return "true or false";
    case ParameterType::string: break;
  }
  return "text";
}

std::string describe_limits(const std::optional<double>& least, const std::optional<double>& most) {
  if (least && most) return fmt::format("from {} to {}", *least, *most);
  return least ? fmt::format("{} or more", *least) : fmt::format("at most {}", *most);
}

}  // namespace mlpipe::spec
