#include "spec/yaml/loose_scalar.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace mlpipe::spec {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::optional<long long> as_loose_integer(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text.empty() || !is_digit(text[0])) return std::nullopt;
  int base = 10;
  if (text.starts_with("0x") || text.starts_with("0b")) {
    base = text[1] == 'x' ? 16 : 2;
    text.remove_prefix(2);
  } else if (text[0] == '0' && text.size() > 1) {
    base = 8;
  }
  long long value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return negative ? -value : value;
}

// With a point, and a sign in the exponent: 1e5 is text.
std::optional<double> as_loose_number(std::string_view text) {
  const auto point = text.find('.'), exponent = text.find_first_of("eE");
  const bool fits = point != std::string_view::npos && text.find_first_not_of("+-.0123456789eE") == std::string_view::npos && std::any_of(text.begin(), text.end(), is_digit);
  if (!fits || (exponent != std::string_view::npos && (exponent < point || exponent + 1 == text.size() || is_digit(text[exponent + 1])))) return std::nullopt;
  std::string whole(text.substr(text.starts_with('+') ? 1 : 0));
  if (whole.starts_with('.')) whole.insert(0, 1, '0');
  return parse_number(whole);
}

std::string written(double number) {
  const std::string text = fmt::format("{}", number);
  return text.find_first_of(".en") == std::string::npos ? text + ".0" : text;
}

}  // namespace

std::optional<bool> as_loose_boolean(std::string_view text) {
  const auto is = [&](std::string_view word) {
    std::string capital(word);
    capital[0] = static_cast<char>(capital[0] - 'a' + 'A');
    std::string all = capital;
    for (char& c : all) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    return text == word || text == capital || text == all;
  };
  if (is("true") || is("yes") || is("on")) return true;
  if (is("false") || is("no") || is("off")) return false;
  return std::nullopt;
}

std::string as_python_writes(std::string_view text) {
  if (const auto truth = as_loose_boolean(text)) return *truth ? "True" : "False";
  std::string digits(text);
  if (!digits.empty() && digits.front() != '_') std::erase(digits, '_');
  if (const auto integer = as_loose_integer(digits)) return std::to_string(*integer);
  if (const auto number = as_loose_number(digits)) return written(*number);
  return std::string(text);
}

}  // namespace mlpipe::spec
