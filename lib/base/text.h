// Small text tools that more than one folder needs.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mlpipe {

std::string_view trim(std::string_view text);
std::vector<std::string_view> split(std::string_view text, char separator);
std::string join(const std::vector<std::string>& parts, std::string_view separator);
std::string lower(std::string_view text);

// The whole text as a number, or nothing (no leading blanks, no trailing letters).
std::optional<long long> parse_integer(std::string_view text);
std::optional<double> parse_number(std::string_view text);

// A word that a POSIX shell reads back as exactly `text`.
std::string shell_quote(std::string_view text);

// The candidate that a user most likely meant: at most a third of its letters differ. Empty: none is near.
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);
// "did you mean `near`?", else "one of: a, b, c" (or empty without candidates).
std::string suggestion(std::string_view word, const std::vector<std::string>& candidates);

// Offset of the first byte that is not well-formed UTF-8, or nothing.
std::optional<std::size_t> invalid_utf8(std::string_view text);

// "1 file", "3 files".
std::string plural(std::size_t count, std::string_view noun);

}  // namespace mlpipe
