// Two texts compared line by line, as `diff -u` shows it. After Myers' "An O(ND) Difference Algorithm", in linear space; where more
// than some thousand lines differ in a row they are shown as replaced as a whole, so that no input takes quadratic time.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace mlpipe {

struct TextDiff {
  std::string text;  // "--- BEFORE\n+++ AFTER\n@@ -1,3 +1,4 @@\n ..." with three lines around each change; empty: they are equal
  std::size_t added = 0, removed = 0;  // lines
};
TextDiff diff_texts(std::string_view before, std::string_view after, std::string_view before_name, std::string_view after_name);

// Has a NUL, or is not UTF-8: nothing to be shown line by line.
bool is_binary(std::string_view bytes);

}  // namespace mlpipe
