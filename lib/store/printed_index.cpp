#include "store/printed_index.h"

#include <fmt/format.h>

#include "base/text.h"

namespace mlpipe {
namespace {

// A process is one word here: "rank 1" has a blank.
std::string word_of(const std::string& process) {
  std::string word = process.empty() ? "-" : process;
  for (char& c : word)
    if (c == ' ') c = '_';
  return word;
}

std::string process_of(std::string_view word) {
  std::string process(word == "-" ? "" : word);
  for (char& c : process)
    if (c == '_') c = ' ';
  return process;
}

std::optional<PrintMark> mark_of(std::string_view line) {
  const auto words = split(line, ' ');
  if (words.size() != 5) return std::nullopt;
  const auto offset = parse_integer(words[0]);
  const WallTime time = parse_utc(std::string(words[1]));
  if (!offset || *offset < 0 || time == WallTime{} || (words[2] != "out" && words[2] != "err")) return std::nullopt;
  PrintMark mark{static_cast<std::uint64_t>(*offset), time, words[2] == "err", process_of(words[3]), {}};
  if (const auto number = parse_integer(words[4]); number && *number >= 0) mark.mini_batch = static_cast<std::uint64_t>(*number);
  return mark;
}

}  // namespace

void PrintedIndex::prints(bool is_stderr, std::string_view process, std::optional<std::uint64_t> mini_batch, WallTime now) {
  const bool known = last_ && last_->is_stderr == is_stderr && last_->process == process && last_->mini_batch == mini_batch && now - last_->time < mark_grain;
  if (known) return;
  last_ = PrintMark{offset_, now, is_stderr, std::string(process), mini_batch};
  file_.append(fmt::format("{} {} {} {} {}\n", offset_, format_utc(now), is_stderr ? "err" : "out", word_of(last_->process),
                           mini_batch ? std::to_string(*mini_batch) : "-"));
}

std::vector<PrintMark> parse_marks(std::string_view text) {
  std::vector<PrintMark> marks;
  for (const std::string_view line : split(text, '\n')) {
    auto mark = mark_of(line);
    if (!mark || (!marks.empty() && mark->offset < marks.back().offset)) break;
    marks.push_back(std::move(*mark));
  }
  return marks;
}

Path index_of_log(const Path& log) { return Path("sys/printed") / log.filename(); }

}  // namespace mlpipe
