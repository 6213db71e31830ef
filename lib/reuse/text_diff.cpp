#include "reuse/text_diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/text.h"

namespace mlpipe {
namespace {

constexpr int most_steps = 2000;  // of one search for a middle: its time and space
constexpr std::size_t context = 3;

// A part of both sequences.
struct Box {
  int a_begin, a_end, b_begin, b_end;
  int width() const { return a_end - a_begin; }
  int height() const { return b_end - b_begin; }
};

// How far one end of the search has come: for each diagonal x - y the largest x, -1 where it cannot be.
class Front {
 public:
  Front(int width, int height, int steps) : width_(width), height_(height), offset_(steps + 1), reach_(2 * offset_ + 1, -1) {}

  int at(int diagonal) const { return std::abs(diagonal) <= offset_ ? reach_[offset_ + diagonal] : -1; }

  // One more difference, then as far as `equal(x, y)` says.
  template <class Equal>
  int advance(int diagonal, int steps, Equal equal) {
    int x = steps == 0 ? 0 : std::max(down_to(diagonal, steps), right_to(diagonal, steps));
    if (x >= 0)
      while (x < width_ && x - diagonal < height_ && equal(x, x - diagonal)) ++x;
    return reach_[offset_ + diagonal] = x;
  }

 private:
  int down_to(int diagonal, int steps) const {
    const int x = diagonal < steps ? at(diagonal + 1) : -1;
    return x - diagonal <= height_ ? x : -1;
  }
  int right_to(int diagonal, int steps) const {
    const int x = diagonal > -steps ? at(diagonal - 1) : -1;
    return x >= 0 && x < width_ ? x + 1 : -1;
  }

  int width_, height_, offset_;
  std::vector<int> reach_;
};

class Comparison {
 public:
  Comparison(std::vector<int> a, std::vector<int> b) : removed(a.size()), added(b.size()), a_(std::move(a)), b_(std::move(b)) {
    compare({0, static_cast<int>(a_.size()), 0, static_cast<int>(b_.size())});
  }

  std::vector<bool> removed, added;

 private:
  void compare(Box box) {
    while (box.width() > 0 && box.height() > 0 && a_[box.a_begin] == b_[box.b_begin]) ++box.a_begin, ++box.b_begin;
    while (box.width() > 0 && box.height() > 0 && a_[box.a_end - 1] == b_[box.b_end - 1]) --box.a_end, --box.b_end;
    const auto middle = box.width() > 0 && box.height() > 0 ? middle_of(box) : std::nullopt;
    if (!middle) {
      std::fill(removed.begin() + box.a_begin, removed.begin() + box.a_end, true);
      std::fill(added.begin() + box.b_begin, added.begin() + box.b_end, true);
      return;
    }
    compare({box.a_begin, middle->first, box.b_begin, middle->second});
    compare({middle->first, box.a_end, middle->second, box.b_end});
  }

  // A point on a shortest path from corner to corner; nothing: it is longer than we look for.
  std::optional<std::pair<int, int>> middle_of(const Box& box) const {
    const int n = box.width(), m = box.height(), delta = n - m, most = std::min((n + m + 1) / 2, most_steps);
    const bool odd = delta % 2 != 0;
    Front forward(n, m, most), backward(n, m, most);
    const auto from_start = [&](int x, int y) { return a_[box.a_begin + x] == b_[box.b_begin + y]; };
    const auto from_end = [&](int x, int y) { return a_[box.a_end - 1 - x] == b_[box.b_end - 1 - y]; };
    const auto meet = [&](int x, int other) { return x >= 0 && other >= 0 && x + other >= n; };
    for (int steps = 0; steps <= most; ++steps) {
      for (int k = -steps; k <= steps; k += 2) {
        const int x = forward.advance(k, steps, from_start);
        if (odd && std::abs(delta - k) < steps && meet(x, backward.at(delta - k))) return std::pair(box.a_begin + x, box.b_begin + x - k);
      }
      for (int k = -steps; k <= steps; k += 2) {
        const int x = backward.advance(k, steps, from_end);
        if (!odd && std::abs(delta - k) <= steps && meet(x, forward.at(delta - k))) return std::pair(box.a_end - x, box.b_end - (x - k));
      }
    }
    return std::nullopt;
  }

  std::vector<int> a_, b_;
};

// Each with its line feed; the last may have none.
std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const auto end = text.find('\n');
    lines.push_back(text.substr(0, end == std::string_view::npos ? end : end + 1));
    text.remove_prefix(lines.back().size());
  }
  return lines;
}

using Numbers = std::unordered_map<std::string_view, int>;

std::vector<int> numbered(const std::vector<std::string_view>& lines, Numbers& numbers) {
  std::vector<int> ids;
  for (const std::string_view line : lines) ids.push_back(numbers.emplace(line, static_cast<int>(numbers.size())).first->second);
  return ids;
}

// One line of both texts taken together, in the order of the output.
struct Row {
  char mark = ' ';  // or '-', '+'
  std::string_view line;
};

std::vector<Row> rows_of(const std::vector<std::string_view>& a, const std::vector<std::string_view>& b, const Comparison& compared) {
  std::vector<Row> rows;
  std::size_t i = 0, j = 0;
  while (i < a.size() || j < b.size()) {
    if (i < a.size() && compared.removed[i]) rows.push_back({'-', a[i++]});
    else if (j < b.size() && compared.added[j]) rows.push_back({'+', b[j++]});
    else rows.push_back({' ', a[i++]}), ++j;
  }
  return rows;
}

// "1,3"; of no lines the number of the line before.
std::string range(std::size_t first, std::size_t count) {
  if (count == 1) return fmt::format("{}", first);
  return fmt::format("{},{}", count == 0 ? first - 1 : first, count);
}

class Hunks {
 public:
  explicit Hunks(const std::vector<Row>& rows) : rows_(rows) {}

  std::string text() {
    std::string text;
    for (std::size_t at = 0; at < rows_.size();) {
      const std::size_t begin = std::max(at, first_change(at) - std::min(first_change(at), context));
      if (first_change(at) == rows_.size()) break;
      const std::size_t end = end_of(first_change(at));
      pass(at, begin);
      text += hunk(begin, end);
      at = end;
    }
    return text;
  }

 private:
  std::size_t first_change(std::size_t from) const {
    while (from < rows_.size() && rows_[from].mark == ' ') ++from;
    return from;
  }

  // Changes with at most twice the context between them share a hunk.
  std::size_t end_of(std::size_t change) const {
    std::size_t last = change;
    for (std::size_t at = change; at < rows_.size() && at <= last + 2 * context + 1; ++at)
      if (rows_[at].mark != ' ') last = at;
    return std::min(last + 1 + context, rows_.size());
  }

  void pass(std::size_t from, std::size_t to) {
    for (; from < to; ++from) {
      before_ += rows_[from].mark != '+';
      after_ += rows_[from].mark != '-';
    }
  }

  std::string hunk(std::size_t begin, std::size_t end) {
    const std::size_t before = before_, after = after_;
    pass(begin, end);
    std::string text = fmt::format("@@ -{} +{} @@\n", range(before, before_ - before), range(after, after_ - after));
    for (std::size_t at = begin; at < end; ++at) {
      text += rows_[at].mark;
      text += rows_[at].line;
      if (!rows_[at].line.ends_with('\n')) text += "\n\\ No newline at end of file\n";
    }
    return text;
  }

  const std::vector<Row>& rows_;
  std::size_t before_ = 1, after_ = 1;  // numbers of the next lines
};

}  // namespace

TextDiff diff_texts(std::string_view before, std::string_view after, std::string_view before_name, std::string_view after_name) {
  if (before == after) return {};
  const auto a = lines_of(before), b = lines_of(after);
  Numbers numbers;
  std::vector<int> a_numbers = numbered(a, numbers);
  const Comparison compared(std::move(a_numbers), numbered(b, numbers));
  TextDiff diff;
  diff.removed = static_cast<std::size_t>(std::count(compared.removed.begin(), compared.removed.end(), true));
  diff.added = static_cast<std::size_t>(std::count(compared.added.begin(), compared.added.end(), true));
  const auto rows = rows_of(a, b, compared);
  diff.text = fmt::format("--- {}\n+++ {}\n{}", before_name, after_name, Hunks(rows).text());
  return diff;
}

bool is_binary(std::string_view bytes) { return bytes.find('\0') != std::string_view::npos || invalid_utf8(bytes); }

}  // namespace mlpipe
