#include "run/metric_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <optional>
#include <set>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "base/text.h"

namespace mlpipe {
namespace {

using Metric = std::pair<std::string, std::string>;  // the run's folder, the name
using Counts = std::map<Metric, std::map<std::string, std::size_t, std::less<>>>;  // how many of each line

std::string text_of(const Path& file) {
  auto text = read_file(file);
  return text ? text.take() : std::string();
}

// As Python writes floats.
std::optional<double> value_of(std::string_view text) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  if (text == "nan") return std::nan("");
  if (text == "inf" || text == "-inf") return text == "inf" ? infinity : -infinity;
  return parse_number(text);
}

std::optional<MetricPoint> point_of(std::string_view line) {
  const auto words = split(trim(line), ' ');
  const auto time = parse_integer(words[0]);
  if (words.size() < 2 || !time) return std::nullopt;
  const auto value = value_of(words[1]);
  if (!value) return std::nullopt;
  return MetricPoint{words.size() > 2 ? parse_integer(words[2]).value_or(0) : 0, WallTime(std::chrono::milliseconds(*time)), *value};
}

// "TIME VALUE STEP" of a line that may go on.
std::string_view beginning(std::string_view line, int words = 3) {
  std::size_t end = 0;
  for (int i = 0; i < words && end != std::string_view::npos; ++i) end = line.find(' ', i == 0 ? 0 : end + 1);
  return line.substr(0, end);
}

// Calls `each(name, text of its lines)` for each metric below a `metrics` folder.
template <class Each>
void for_each_file(const Path& folder, Each each) {
  for (const Path& file : files_below(folder)) each(file.lexically_relative(folder).string(), text_of(file));
}

// --- what is told elsewhere already

// The step's own run has another name in each session.
struct OwnRun {
  std::string_view ending;
  std::string name;  // in this one

  std::string name_of(std::string_view run) const { return run == "-" || run.ends_with(ending) ? name : std::string(run); }
};

// A line is in a model's file once for each time that it was repeated.
Counts repeated_for_models(const Path& experiment, const OwnRun& own) {
  Counts repeated;
  const auto models = list_folder(experiment / "models");
  for (const std::string& model : models ? *models : std::vector<std::string>())
    for_each_file(experiment / "models" / model / "metrics", [&](const std::string& name, const std::string& text) {
      for (const std::string_view line : split(text, '\n'))
        if (const auto words = split(line, ' '); words.size() > 3) ++repeated[{own.name_of(words[3]), name}][std::string(beginning(line))];
    });
  return repeated;
}

using NumberedTry = std::tuple<std::string_view, std::string_view, std::string_view>;  // session, mini-batch, number
// How often that one had failed before: where memory ran out, a mini-batch is tried once more under the same number.
using Try = std::pair<NumberedTry, std::size_t>;

std::string_view session_of(const Try& in) { return std::get<0>(in.first); }
std::string_view mini_batch_of(const Try& in) { return std::get<1>(in.first); }

struct TrackedInTry {
  Try in;
  std::string_view run, line, name;
};

// Whose values of a mini-batch count.
struct Standing {
  std::string_view session;
  bool good = false;  // a try of it did not fail
  Try last;
};

struct Tries {
  std::vector<TrackedInTry> values;
  std::set<Try> failed;

  std::unordered_map<std::string_view, Standing> standings() const {
    std::unordered_map<std::string_view, Standing> standings;
    for (const TrackedInTry& value : values) {
      Standing& standing = standings[mini_batch_of(value.in)];
      if (standing.session != session_of(value.in)) standing = {session_of(value.in), false, {}};
      standing.good |= !failed.contains(value.in);
      standing.last = value.in;
    }
    return standings;
  }
};

Tries read_tries(std::string_view text) {
  Tries tries;
  std::map<NumberedTry, std::size_t> failures;
  for (const std::string_view line : split(text, '\n')) {
    const auto words = split(line, ' ');
    if (words.size() < 4) continue;
    std::size_t& failed = failures[{words[0], words[1], words[2]}];
    const Try in({words[0], words[1], words[2]}, failed);
    if (words.size() == 4 && words[3] == "failed") tries.failed.insert({in.first, failed++});
    if (words.size() < 8) continue;
    const std::string_view rest = line.substr(beginning(line, 4).size() + 1), value = beginning(rest);
    tries.values.push_back({in, words[3], value, rest.substr(value.size() + 1)});
  }
  return tries;
}

Counts of_superseded_tries(const Path& experiment, const OwnRun& own) {
  Counts superseded;
  const std::string text = text_of(experiment / tries_file);
  const Tries tries = read_tries(text);
  const auto standings = tries.standings();
  for (const TrackedInTry& value : tries.values) {
    const Standing& standing = standings.at(mini_batch_of(value.in));
    const bool counts = standing.session == session_of(value.in) && (standing.good ? !tries.failed.contains(value.in) : standing.last == value.in);
    if (!counts) ++superseded[{own.name_of(value.run), from_one_line(value.name)}][std::string(value.line)];
  }
  return superseded;
}

// Takes one off, if there is one.
bool take_one(std::map<std::string, std::size_t, std::less<>>& counts, std::string_view line) {
  const auto found = counts.find(line);
  if (found == counts.end() || found->second == 0) return false;
  --found->second;
  return true;
}

// --- what is left

class Reader {
 public:
  Reader(const Path& experiment, const OwnRun& own) : repeated_(repeated_for_models(experiment, own)), superseded_(of_superseded_tries(experiment, own)) {}

  MetricSeries run(const Path& folder) {
    MetricSeries metrics;
    const std::string run = folder.filename().string();
    for_each_file(folder / "metrics", [&](const std::string& name, const std::string& text) { add({run, name}, text, metrics); });
    for_each_file(folder / unplaced_folder / "metrics", [&](const std::string&, std::string_view text) {
      const auto line = text.substr(0, text.find('\n'));
      if (line.size() < text.size()) add({run, from_one_line(line)}, text.substr(line.size() + 1), metrics);
    });
    return metrics;
  }

 private:
  void add(const Metric& metric, std::string_view text, MetricSeries& metrics) {
    auto& repeated = repeated_[metric];
    auto& superseded = superseded_[metric];
    std::set<std::string_view> seen;  // of a repeated one the first is kept
    for (const std::string_view line : split(text, '\n')) {
      const auto point = point_of(line);
      if (!point || take_one(superseded, beginning(line))) continue;
      if (!repeated.empty() && !seen.insert(beginning(line)).second && take_one(repeated, beginning(line))) continue;
      metrics[metric.second].push_back(*point);
    }
  }

  Counts repeated_, superseded_;
};

// As mlflow orders them; of one moment, as they were tracked.
void sort(std::vector<MetricPoint>& points) {
  std::stable_sort(points.begin(), points.end(), [](const auto& a, const auto& b) { return std::pair(a.step, a.time) < std::pair(b.step, b.time); });
}

}  // namespace

MetricSeries read_metrics(const Path& experiment, std::string_view own) {
  const auto listed = list_folder(experiment);
  std::vector<std::string> runs = listed ? *listed : std::vector<std::string>();
  const auto others = std::stable_partition(runs.begin(), runs.end(), [&](const std::string& run) { return run.ends_with(own); });
  Reader reader(experiment, {own, others == runs.begin() ? std::string() : runs.front()});
  MetricSeries metrics;
  for (const std::string& run : runs) metrics.merge(reader.run(experiment / run));
  for (auto& [name, points] : metrics) sort(points);
  return metrics;
}

std::string failed_try_line(std::string_view session, std::uint64_t mini_batch, std::uint32_t attempt) {
  return fmt::format("{} {} {} failed\n", session, mini_batch, attempt);
}

std::string on_one_line(std::string_view name) {
  std::string text;
  for (const char c : name) {
    if (c == '\n') text += "\\n";
    else if (c == '\\') text += "\\\\";
    else text += c;
  }
  return text;
}

std::string from_one_line(std::string_view text) {
  std::string name;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) name += text[i];
    else name += text[++i] == 'n' ? '\n' : text[i];
  }
  return name;
}

}  // namespace mlpipe
