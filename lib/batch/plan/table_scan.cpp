#include "batch/plan/table_scan.h"

#include <fcntl.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "base/csv_scan.h"
#include "batch/plan/parquet_footer.h"
#include "system/event_loop.h"

namespace mlpipe {
namespace {

using Format = wire::TablePiece::Format;

constexpr std::size_t block_size = 1 << 18;
constexpr std::size_t longest_row = std::size_t{1} << 28;  // whose values are looked at

struct Row {
  std::uint64_t begin, end;
  std::string_view bytes;  // empty unless asked for
};

std::unique_ptr<RowScanner> scanner_of(const TableKind& kind) {
  if (kind.format == Format::json_lines) return std::make_unique<LineScanner>();
  if (!kind.multi_line) return std::make_unique<LineScanner>("\r\n");
  return std::make_unique<CsvScanner>(kind.delimiter);
}

// One pass over a file; keeps of it what lies before the row to come only when the rows' bytes are wanted. OnRow: Status(const Row&), called
// for each row: through a std::function it would cost as much as the search for the rows' ends.
template <class OnRow>
class FilePass {
 public:
  FilePass(const Path& path, const TableKind& kind, bool bytes_wanted, const OnRow& on_row)
      : path_(path), bytes_wanted_(bytes_wanted), on_row_(on_row), scanner_(scanner_of(kind)) {}

  Status run() {
    MLPIPE_TRY(const Fd fd, open_file(path_, O_RDONLY));
    const RowScanner::Sink sink = [this](std::uint64_t begin, std::uint64_t end) { on_row(begin, end); };
    while (status_) {
      if (stop_pending()) return stopped_error();
      MLPIPE_TRY(const std::size_t got, read_block(fd.get()));
      if (got == 0) break;
      if (buffer_begin_ == 0 && used_ == got) MLPIPE_TRY_VOID(check_start());
      scanner_->feed(std::string_view(buffer_).substr(used_ - got, got), sink);
    }
    if (status_ && !scanner_->finish(sink))
      return Error{ErrorKind::step_failed, fmt::format("{}: a quote is opened in row {} and never closed", shown_path(path_), rows_ + 1),
                   fmt::format("the row begins at byte {}", scanner_->row_begin())};
    return status_;
  }

 private:
  // What a name promised and the first bytes do not keep.
  Status check_start() const {
    const auto refuse = [&](const char* is, const char* remedy) {
      return Error{ErrorKind::step_failed, fmt::format("{} {}, so it cannot be split", shown_path(path_), is), remedy};
    };
    const std::string_view start(buffer_.data(), used_);
    for (const std::string_view magic : {"\x1f\x8b", "PK\x03\x04", "\x42\x5a\x68\x39\x31\x41\x59", "\xfd" "7zXZ", "\x28\xb5\x2f\xfd"})
      if (start.starts_with(magic)) return refuse("is compressed", "unpack it");
    for (const std::string_view mark : {"\xff\xfe", "\xfe\xff"})
      if (start.starts_with(mark)) return refuse("is UTF-16", "convert it to UTF-8: iconv -f UTF-16 -t UTF-8");
    return {};
  }

  Result<std::size_t> read_block(int fd) {
    const std::uint64_t keep = bytes_wanted_ ? scanner_->row_begin() : buffer_begin_ + used_;
    used_ -= keep - buffer_begin_;
    std::memmove(buffer_.data(), buffer_.data() + (keep - buffer_begin_), used_);
    buffer_begin_ = keep;
    if (used_ > longest_row)
      return Error{ErrorKind::step_failed, fmt::format("{}: row {} is longer than 256 MB", shown_path(path_), rows_ + 1), {}};
    if (buffer_.size() < used_ + block_size) buffer_.resize(used_ + block_size);
    ssize_t got;
    do {
      got = ::read(fd, buffer_.data() + used_, block_size);
    } while (got < 0 && errno == EINTR);
    if (got < 0) return errno_error("read", path_);
    used_ += static_cast<std::size_t>(got);
    return static_cast<std::size_t>(got);
  }

  void on_row(std::uint64_t begin, std::uint64_t end) {
    ++rows_;
    if (!status_) return;
    const auto bytes = bytes_wanted_ ? std::string_view(buffer_).substr(begin - buffer_begin_, end - begin) : std::string_view();
    status_ = on_row_({begin, end, bytes});
  }

  const Path& path_;
  bool bytes_wanted_;
  const OnRow& on_row_;
  std::unique_ptr<RowScanner> scanner_;
  std::string buffer_;     // its first used_ bytes are the file's, from buffer_begin_ on
  std::size_t used_ = 0;
  std::uint64_t buffer_begin_ = 0, rows_ = 0;
  Status status_;
};

bool has_header(const TableKind& kind) { return kind.format == Format::delimited && kind.header; }

Error too_many_rows(const Path& path) {
  return {ErrorKind::step_failed, shown_path(path) + " has more rows in one mini-batch than can be counted (4294967295)",
          "use a smaller mini_batch_size"};
}

// Grows the last range by a row or a row group, or begins another.
Status add(std::vector<RowRange>& ranges, const RowRange& more, bool fits, const Path& path) {
  if (more.rows == UINT32_MAX || (fits && ranges.back().rows >= UINT32_MAX - more.rows)) return too_many_rows(path);
  if (fits) {
    ranges.back().end = more.end;
    ranges.back().rows += more.rows;
  } else {
    ranges.push_back(more);
  }
  return {};
}

// Whether a window lets a row group of so many rows through: all of it, or nothing.
Result<bool> admit_group(const Path& path, std::uint64_t rows, RowWindow& window) {
  const std::uint64_t skipped = std::min(window.skip, rows), taken = std::min(window.take, rows - skipped);
  if (taken > 0 && taken < rows)
    return Error{ErrorKind::step_failed, fmt::format("{}: take and skip of its MLTable end within a row group, which cannot be divided", shown_path(path)),
                 "choose the rows in a step before it"};
  window.skip -= skipped;
  window.take -= taken;
  return taken > 0;
}

Result<TableRows> cut_row_groups(const Path& path, std::uint64_t size, RowWindow& window) {
  MLPIPE_TRY(const auto groups, read_row_groups(path));
  TableRows table;
  std::uint64_t bytes = 0, rows = 0;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const auto& group = groups[i];
    MLPIPE_TRY(const bool admitted, admit_group(path, group.rows, window));
    rows += group.rows;
    if (!admitted && group.rows > 0) continue;
    const bool fits = !table.ranges.empty() && bytes <= size && group.bytes <= size - bytes;
    bytes = fits ? bytes + group.bytes : group.bytes;
    const auto counted = static_cast<std::uint32_t>(std::min<std::uint64_t>(group.rows, UINT32_MAX));
    MLPIPE_TRY_VOID(add(table.ranges, {i, i + 1, rows - group.rows, counted}, fits, path));
  }
  return table;
}

// Reads JSON with whole numbers beyond 64 bits as their digits: as floating point they would lose some, and groups would merge.
class ExactNumbers : public nlohmann::detail::json_sax_dom_parser<nlohmann::json> {
 public:
  ExactNumbers() : json_sax_dom_parser(value, false) {}
  bool number_float(double number, const std::string& text) {
    std::string digits = text;
    const bool whole = text.find_first_of(".eE") == std::string::npos;
    return whole ? string(digits) : json_sax_dom_parser::number_float(number, text);
  }

  nlohmann::json value;
};

std::string text_of(const nlohmann::json& value) { return value.is_null() ? "" : value.is_string() ? value.get<std::string>() : value.dump(); }

class ColumnReader {
 public:
  ColumnReader(const Path& path, const TableKind& kind, const std::vector<std::string>& columns, RowWindow& window,
               std::vector<std::string>& names, const TakeRow& take)
      : path_(path), kind_(kind), columns_(columns), window_(window), names_(names), take_(take) {
    if (kind.format == Format::json_lines) missing_.insert(columns.begin(), columns.end());
  }

  // After the last row. A key that some objects lack is empty in them; one that all lack is a mistake.
  Status finish() const {
    if (rows_ > 0 && !missing_.empty()) return no_column(*missing_.begin(), {});
    return {};
  }

  Status on_row(const Row& row) {
    if (kind_.format == Format::json_lines) return json(row);
    const auto fields = csv_fields(row.bytes, kind_.delimiter);
    if (places_.empty()) {
      MLPIPE_TRY_VOID(find_places(fields));
      if (kind_.header) header_bytes_ = row.end;
      if (kind_.header) return {};
    }
    std::vector<std::string> values;
    for (const auto place : places_) values.push_back(place < fields.size() ? fields[place] : std::string());
    return give(std::move(values), row);
  }

  std::uint64_t header_bytes() const { return header_bytes_; }

 private:
  Status find_places(const std::vector<std::string>& header) {
    if (names_.empty()) {
      names_ = header;
      if (names_.front().starts_with("\xef\xbb\xbf")) names_.front().erase(0, 3);
      if (!kind_.header)
        for (std::size_t i = 0; i < names_.size(); ++i) names_[i] = fmt::format("Column{}", i + 1);
    }
    for (const auto& column : columns_) {
      const auto found = std::find(names_.begin(), names_.end(), column);
      if (found == names_.end()) return no_column(column, suggestion(column, names_));
      places_.push_back(static_cast<std::size_t>(found - names_.begin()));
    }
    return {};
  }

  Error no_column(const std::string& column, std::string hint) const {
    return {ErrorKind::step_failed, fmt::format("{} has no column `{}`, a partition key", shown_path(path_), column), std::move(hint)};
  }

  Status json(const Row& row) {
    ExactNumbers read;
    const bool parsed = nlohmann::json::sax_parse(row.bytes, &read);
    const nlohmann::json& object = read.value;
    const auto wrong = [&](std::string_view what) {
      return Error{ErrorKind::step_failed, fmt::format("{}: row {} {}", shown_path(path_), rows_ + 1, what),
                   "each line of a JSON lines file is one object"};
    };
    if (!parsed || !object.is_object()) return wrong(!parsed ? "is not JSON" : "is not an object");
    std::vector<std::string> values;
    for (const auto& column : columns_) {
      const auto found = object.find(column);
      if (found != object.end() && found->is_structured()) return wrong(fmt::format("has no simple value in `{}`, a partition key", column));
      values.push_back(found == object.end() ? "" : text_of(*found));
      if (found != object.end()) missing_.erase(column);
    }
    return give(std::move(values), row);
  }

  Status give(std::vector<std::string> values, const Row& row) {
    const auto number = rows_++;
    return window_.admit() ? take_(std::move(values), {row.begin, row.end, number, 1}) : Status();
  }

  const Path& path_;
  const TableKind& kind_;
  const std::vector<std::string>& columns_;
  RowWindow& window_;
  std::vector<std::string>& names_;
  const TakeRow& take_;
  std::vector<std::size_t> places_;
  std::set<std::string> missing_;  // columns that no object has had
  std::uint64_t header_bytes_ = 0, rows_ = 0;
};

}  // namespace

std::optional<TableKind> table_kind(std::string_view name, const TableFormat& format) {
  const std::string ending = lower(name.substr(std::min(name.rfind('.'), name.size())));
  const auto is = [&](std::initializer_list<std::string_view> endings) { return std::find(endings.begin(), endings.end(), ending) != endings.end(); };
  if (is({".parquet", ".pq"})) return TableKind{Format::parquet};
  if (is({".jsonl", ".ndjson", ".json"})) return TableKind{Format::json_lines};
  const bool tabs = is({".tsv", ".tab"});
  if (!tabs && !is({".csv"}) && !format.delimiter) return std::nullopt;
  return TableKind{Format::delimited, format.delimiter ? format.delimiter->front() : tabs ? '\t' : ',', format.header.value_or(true)};
}

bool RowWindow::admit() {
  if (skip > 0) return --skip, false;
  if (take == 0) return false;
  --take;
  return true;
}

Result<TableRows> cut_rows(const Path& path, const TableKind& kind, std::uint64_t size, RowWindow& window) {
  if (kind.format == Format::parquet) return cut_row_groups(path, size, window);
  TableRows table;
  std::uint64_t rows = 0;
  bool header = has_header(kind);
  const auto on_row = [&](const Row& row) -> Status {
    if (std::exchange(header, false)) {
      table.header_bytes = row.end;
      return {};
    }
    const auto number = rows++;
    if (!window.admit()) return {};
    const bool fits = !table.ranges.empty() && row.end - table.ranges.back().begin <= size;
    return add(table.ranges, {row.begin, row.end, number, 1}, fits, path);
  };
  MLPIPE_TRY_VOID(FilePass(path, kind, false, on_row).run());
  return table;
}

Result<std::uint64_t> read_columns(const Path& path, const TableKind& kind, const std::vector<std::string>& columns, RowWindow& window,
                                   std::vector<std::string>& names, const TakeRow& take) {
  ColumnReader reader(path, kind, columns, window, names, take);
  const auto on_row = [&](const Row& row) { return reader.on_row(row); };
  MLPIPE_TRY_VOID(FilePass(path, kind, true, on_row).run());
  MLPIPE_TRY_VOID(reader.finish());
  return reader.header_bytes();
}

}  // namespace mlpipe
