#include "scoring/table/cell.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include "base/text.h"

namespace mlpipe {
namespace {

constexpr double largest_exact = 9007199254740992.0;  // 2^53: up to here a double tells whole numbers apart

bool is_blank(char byte) { return byte == ' ' || (byte >= '\t' && byte <= '\r'); }

// Without blanks around it and without a plus in front.
std::string_view bare(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  return text;
}

std::optional<double> truth_of(std::string_view text) {
  for (const std::string_view word : {"true", "True", "TRUE"})
    if (text == word) return 1.0;
  for (const std::string_view word : {"false", "False", "FALSE"})
    if (text == word) return 0.0;
  return std::nullopt;
}

}  // namespace

bool is_missing(std::string_view text) {
  if (text.size() > 8) return false;
  static constexpr std::string_view texts[] = {"",     "NA",    "NaN",   "nan",     "null",    "N/A",  "NULL",     "None",     "n/a",    "#N/A",
                                               "<NA>", "-nan",  "-NaN",  "#NA",     "1.#IND",  "-1.#IND", "1.#QNAN", "-1.#QNAN", "#N/A N/A"};
  return std::find(std::begin(texts), std::end(texts), text) != std::end(texts);
}

std::optional<double> number_of(std::string_view text) {
  const std::string_view number = bare(text);
  if (number.empty()) return std::nullopt;
  double value = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
  if (end != number.data() + number.size() || error == std::errc::invalid_argument) return truth_of(text);
  if (error == std::errc::result_out_of_range) return std::strtod(std::string(number).c_str(), nullptr);  // infinite, or next to nothing
  return std::isnan(value) ? std::nullopt : std::optional(value);
}

std::optional<std::int64_t> integer_of(double number) {
  if (!(std::abs(number) <= largest_exact) || number != std::trunc(number)) return std::nullopt;
  return static_cast<std::int64_t>(number);
}

std::optional<std::int64_t> integer_of(std::string_view text) {
  if (const auto whole = parse_integer(bare(text))) return *whole;
  const auto number = number_of(text);
  return number ? integer_of(*number) : std::nullopt;
}

std::string shown_value(std::string_view text) {
  constexpr std::size_t longest = 40;
  std::string shown(text.substr(0, longest));
  while (text.size() > longest && invalid_utf8(shown)) shown.pop_back();  // a letter that was cut through
  if (shown.empty() || invalid_utf8(shown)) shown = text.substr(0, longest);
  const bool plain = !invalid_utf8(shown);
  for (char& byte : shown) {
    const auto code = static_cast<unsigned char>(byte);
    if (code < 32 || code == 127 || (code > 127 && !plain)) byte = '?';
  }
  return "`" + shown + (text.size() > longest ? "...`" : "`");
}

}  // namespace mlpipe
