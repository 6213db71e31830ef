#include "scoring/table/header.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/csv_scan.h"
#include "system/files.h"

namespace mlpipe {
namespace {

constexpr std::uint64_t longest_header = 64u << 20, longest_first_row = 1u << 20;

// The first bytes of a file, without the byte order mark.
Result<std::string> beginning(const Path& path, std::uint64_t size, bool all_of_it) {
  MLPIPE_TRY(const Fd file, open_file(path, O_RDONLY));
  std::string bytes(size, '\0');
  MLPIPE_TRY(const std::size_t got, read_at(file.get(), 0, bytes.data(), bytes.size(), path));
  if (got < size && all_of_it) return Error{ErrorKind::step_failed, fmt::format("{} has become shorter since the step began", path.string()), ""};
  bytes.resize(got);
  if (bytes.starts_with(byte_order_mark)) bytes.erase(0, byte_order_mark.size());
  return bytes;
}

Result<std::string> header_line(const mlpipe_table_piece& piece) {
  const Path path = piece.header_path && *piece.header_path ? piece.header_path : piece.path;
  if (piece.header_bytes > longest_header) return Error{ErrorKind::step_failed, fmt::format("{} has a header of more than 64 MB", path.string()), ""};
  return beginning(path, piece.header_bytes, true);
}

// Lines without text in front are no rows.
std::string_view without_blank_lines(std::string_view text, char delimiter) {
  for (;;) {
    const auto end = text.find_first_of("\r\n");
    const auto line = text.substr(0, end);
    const bool blank = std::all_of(line.begin(), line.end(), [&](char byte) { return (byte == ' ' || byte == '\t') && byte != delimiter; });
    if (!blank || end == std::string_view::npos) return text;
    text.remove_prefix(end + 1);
  }
}

std::vector<std::string> numbered_names(std::size_t count) {
  std::vector<std::string> names;
  for (std::size_t number = 1; number <= count; ++number) names.push_back(fmt::format("Column{}", number));
  return names;
}

}  // namespace

Result<std::vector<std::string>> column_names(const mlpipe_table_piece& piece) {
  MLPIPE_TRY(const std::string text, piece.has_header ? header_line(piece) : beginning(piece.path, longest_first_row, false));
  std::vector<std::string> names = csv_fields(without_blank_lines(text, *piece.delimiter), *piece.delimiter);
  if (!piece.has_header) return numbered_names(names.size());
  std::set<std::string> known;
  for (std::size_t i = 0; i < names.size(); ++i) {
    std::string name = names[i].empty() ? fmt::format("Unnamed: {}", i) : names[i];
    for (std::size_t again = 1; !known.insert(name).second; ++again) name = fmt::format("{}.{}", names[i], again);
    names[i] = std::move(name);
  }
  return names;
}

}  // namespace mlpipe
