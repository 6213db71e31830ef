// Bytes one behind the other, each with its length before it: rows on their way to an .npy or a Parquet file, within one process.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace mlpipe {

inline void append_cell(std::string_view bytes, std::string& out) {
  const auto length = static_cast<std::uint64_t>(bytes.size());
  out.append(reinterpret_cast<const char*>(&length), sizeof length);
  out.append(bytes);
}

// The first of `rest`, which goes on behind it. Only of what append_cell wrote.
inline std::string_view take_cell(std::string_view& rest) {
  std::uint64_t length = 0;
  std::memcpy(&length, rest.data(), sizeof length);
  const std::string_view cell = rest.substr(sizeof length, length);
  rest.remove_prefix(sizeof length + cell.size());
  return cell;
}

}  // namespace mlpipe
