// What can be said about the bytes of a YAML file before and beside its grammar.
#pragma once

#include <string>
#include <string_view>

#include "spec/yaml/document.h"

namespace mlpipe::spec {

// Removes a byte order mark, finds the lines, and reports bytes that no YAML file may have: invalid UTF-8, control
// characters (yaml-cpp takes 0x04 for the end of the file), lone carriage returns, absurd runs of brackets.
bool check_bytes(Document& document, Diagnostics& diagnostics);

// Where the value itself starts: past `&anchor` and `!tag`.
std::size_t skip_properties(std::string_view text, std::size_t at);
// Bytes of the quoted text at the start of `text`, its quotes included; 0: it is never closed.
std::size_t quoted_length(std::string_view text);
// Bytes that a caret should underline below a scalar which starts `text` and reads as `value`.
std::size_t scalar_length(std::string_view text, std::string_view value);
// The first line at or before `line`, down to `first`, whose indentation has a tab: its number, else 0.
int tab_indented_line(const Document& document, int first, int line);

}  // namespace mlpipe::spec
