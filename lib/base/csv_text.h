// Fields of CSV files and the JSON in them. Whatever bytes come in, valid UTF-8 goes out.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mlpipe {

// Bytes that are not UTF-8 become U+FFFD.
void append_valid(std::string& out, std::string_view text);

// A field of RFC 4180: quoted where it must be. Bytes that are not UTF-8 become U+FFFD.
void append_csv(std::string& out, std::string_view field);
// In quotes in any case, its bytes as they are.
void append_quoted(std::string& out, std::string_view field);

// Records of comma-separated values; quoted fields may hold commas, quotes and line ends. A last line without its end is none.
std::vector<std::vector<std::string>> read_csv(std::string_view text);

// A JSON string with its quotes. Bytes that are not UTF-8 become "\udcXX", which Python's os.fsencode turns back into them.
void append_json(std::string& out, std::string_view text);

}  // namespace mlpipe
