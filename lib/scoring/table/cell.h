// What stands in one place of a table of text, as a number: what pandas.read_csv(float_precision="round_trip") makes of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mlpipe {

// One of the texts that pandas takes for a missing value: "", "NA", "nan", "null", "None", ...
bool is_missing(std::string_view text);

// Correctly rounded. Blanks around it and one sign in front are allowed; "inf" and "infinity" in any case; "true" and "false" as pandas
// writes them (1 and 0). Nothing: no number, "nan" among them.
std::optional<double> number_of(std::string_view text);

// The same of a whole number: exactly, also "12.0" and "1e3" where that loses nothing. Nothing: not whole, or out of range.
std::optional<std::int64_t> integer_of(std::string_view text);
std::optional<std::int64_t> integer_of(double number);

// A value as messages show it: in backquotes, cut, and printable.
std::string shown_value(std::string_view text);

}  // namespace mlpipe
