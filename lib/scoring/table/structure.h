// Where the bytes lie at which a delimited text falls into fields and rows.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace mlpipe {

struct Structure {
  // Of each delimiter, quote, '\r' and '\n', in order; before them an entry for the byte in front of the text, so that a field begins
  // behind the entry before its own.
  std::vector<std::uint32_t> places;
  std::vector<std::uint32_t> special;  // which of `places` are no delimiters

  std::size_t count = 0, special_count = 0;  // entries of the two that are filled
};

// `begin`: where the first row begins. The 64 bytes behind the text must be readable, and the text be shorter than 4 GB.
using FindStructure = void (*)(std::string_view text, std::size_t begin, char delimiter, Structure&);
void find_structure_portable(std::string_view text, std::size_t begin, char delimiter, Structure&);
FindStructure fastest_find_structure();

}  // namespace mlpipe
