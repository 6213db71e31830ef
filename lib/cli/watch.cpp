#include "cli/watch.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <memory>
#include <optional>
#include <set>

#include "base/text.h"
#include "cli/streams.h"
#include "reuse/ignore.h"
#include "system/below.h"
#include "system/event_loop.h"

namespace mlpipe::cli {
namespace {

using namespace std::chrono_literals;

// Editors and `git checkout` save many files, some in several steps.
constexpr std::chrono::nanoseconds quiet_time = 150ms;
constexpr std::chrono::nanoseconds longest_wait = 2s;  // where the saving does not end
constexpr std::chrono::seconds longest_pause = 60s;
constexpr std::chrono::nanoseconds poll_interval = 1s;
constexpr int poll_share = 10;  // of many files: at most a tenth of the time goes into looking
constexpr std::size_t most_named = 3;

class Places {
 public:
  explicit Places(const std::vector<Path>& ours) : ours_(ours) {}

  void add(const Path& path) {
    add(path, [](std::string_view, bool) { return false; });
  }

  void add_data(const PipelineInput& input) {
    if (input.pattern.empty()) return add(input.path);
    add(input.path, [pattern = input.pattern](std::string_view below, bool folder) { return !folder && !wildcard_match(pattern, below); });
  }

  void add_source(const Path& folder) {
    auto rules = IgnoreRules::of(folder);
    add(folder, [rules = rules ? rules.take() : IgnoreRules()](std::string_view below, bool is_folder) { return rules.ignores(below, is_folder); });
  }

  std::vector<WatchedPlace> take() { return std::move(places_); }

 private:
  template <class Ignored>
  void add(const Path& path, Ignored ignored) {
    const bool is_ours = std::any_of(ours_.begin(), ours_.end(), [&](const Path& own) { return below(path, own).has_value(); });
    if (path.empty() || is_ours || !seen_.insert(path).second) return;
    std::vector<std::string> below_it;
    for (const Path& own : ours_)
      if (const auto rest = below(own, path)) below_it.push_back(rest->string());
    places_.push_back({path, [below_it, ignored](std::string_view below, bool folder) {
                         return std::find(below_it.begin(), below_it.end(), below) != below_it.end() || ignored(below, folder);
                       }});
  }

  std::vector<Path> ours_;
  std::set<Path> seen_;
  std::vector<WatchedPlace> places_;
};

std::string names_of(const std::vector<Path>& paths) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < paths.size() && i < most_named; ++i) names.push_back(shown_path(paths[i]));
  const std::size_t more = paths.size() - names.size();
  return join(names, ", ") + (more > 0 ? fmt::format(" and {} more", more) : "");
}

// Until something was saved and then nothing more for a moment, or until a signal.
class Waiting {
 public:
  // `before`: what was saved before we wait; it alone lets `pause` pass.
  Waiting(FileWatch& watch, const std::set<Path>& before, std::chrono::nanoseconds pause) : watch_(watch), changed_(before) {
    loop_.on_signals([this](int signal) { end(signal); });
    if (watch_.fd() >= 0) loop_.watch(watch_.fd(), EPOLLIN, [this](std::uint32_t) { look(); });
    if (!watch_.polled().empty()) poll_later();
    if (!before.empty()) end_after(pause);
    look();
  }

  std::vector<Path> wait() {
    if (!signal_) loop_.run();
    return {changed_.begin(), changed_.end()};
  }
  int signal() const { return signal_; }

 private:
  void end(int signal) {
    signal_ = signal;
    loop_.stop();
  }

  void poll_later() {
    loop_.after(pause_, [this] {
      const auto begun = std::chrono::steady_clock::now();
      look();
      pause_ = std::max(poll_interval, std::chrono::nanoseconds(poll_share * (std::chrono::steady_clock::now() - begun)));
      poll_later();
    });
  }

  void look() {
    const auto paths = watch_.changes();
    if (paths.empty()) return;
    const auto now = std::chrono::steady_clock::now();
    if (!latest_) latest_ = now + longest_wait;
    changed_.insert(paths.begin(), paths.end());
    end_after(std::clamp<std::chrono::nanoseconds>(*latest_ - now, 0ns, quiet_time));
  }

  void end_after(std::chrono::nanoseconds time) {
    loop_.cancel(quiet_);
    quiet_ = loop_.after(time, [this] { loop_.stop(); });
  }

  FileWatch& watch_;
  EventLoop loop_;
  EventLoop::TimerId quiet_ = 0;
  std::chrono::nanoseconds pause_ = poll_interval;
  std::set<Path> changed_;
  std::optional<std::chrono::steady_clock::time_point> latest_;  // once something changed
  int signal_ = 0;
};

// What changes while the pipeline runs, round after round, is rather written by a step than saved by a person: the rounds that it begins come
// more and more rarely.
class OwnWrites {
 public:
  // `during`: what changed during the round. How long the next one waits for another reason to begin.
  std::chrono::nanoseconds pause_after(const std::set<Path>& during) {
    const bool again = !during.empty() && std::includes(before_.begin(), before_.end(), during.begin(), during.end());
    rounds_ = again ? rounds_ + 1 : 0;
    before_ = during;
    if (rounds_ == 0) return quiet_time;
    const auto pause = std::min<std::chrono::seconds>(longest_pause, std::chrono::seconds(1 << std::min(rounds_, 10)));
    tell(fmt::format("note: {} changed while the pipeline ran, as in the round before: does a step write there?\n  the next run begins in {} s, or when "
                     "something else is saved",
                     names_of({during.begin(), during.end()}), pause.count()));
    return pause;
  }

 private:
  std::set<Path> before_;
  int rounds_ = 0;  // in a row
};

void tell_waiting(const FileWatch& watch, const std::vector<Path>& places) {
  tell(fmt::format("\nwaiting for a change of {} (Ctrl-C ends)", names_of(places)));
  std::vector<Path> polled;
  for (const PolledPlace& place : watch.polled()) polled.push_back(place.path());
  if (!polled.empty()) tell(fmt::format("  {}: looked at from second to second, for this system does not tell of changes there", names_of(polled)));
}

std::vector<Path> paths_of(const std::vector<WatchedPlace>& places) {
  std::vector<Path> paths;
  for (const WatchedPlace& place : places) paths.push_back(place.path);
  return paths;
}

bool was_stopped(int code) { return code == exit_code(ErrorKind::interrupted) || code == exit_code(ErrorKind::terminated); }

}  // namespace

std::vector<WatchedPlace> places_of(const Pipeline& pipeline, const std::vector<Path>& ours) {
  Places places(ours);
  for (const Pipeline::SpecFile& file : pipeline.files) places.add(file.path);
  for (const Step& step : pipeline.steps) {
    if (!step.source_directory.empty()) places.add_source(step.source_directory);
    for (const Step::HashPath& path : step.hash_paths) places.add(path.path);
    if (!step.environment) continue;
    places.add(step.environment->conda_file);
    places.add(step.environment->requirements);
  }
  for (const PipelineInput& input : pipeline.inputs) places.add_data(input);
  return places.take();
}

int run_when_saved(const Path& spec, const Round& round) {
  std::vector<Path> paths{spec};
  auto watch = std::make_unique<FileWatch>(std::vector<WatchedPlace>{{spec, {}}});
  OwnWrites own;
  for (int last = 0;;) {
    std::set<Path> during;
    const auto look = [&] {
      for (Path& path : watch->changes()) during.insert(std::move(path));
    };
    const auto code = round([&](std::vector<WatchedPlace> places) {
      std::erase_if(places, [&](const WatchedPlace& place) { return place.path == spec; });
      places.insert(places.begin(), WatchedPlace{spec, {}});
      paths = paths_of(places);
      auto next = std::make_unique<FileWatch>(std::move(places));
      look();  // what was saved while the spec was read, or before the next watch was there
      watch = std::move(next);
    });
    if (!code) tell(code.error());
    last = code ? *code : exit_code(code.error().kind);
    if (was_stopped(last)) return last;
    look();
    const auto pause = own.pause_after(during);
    tell_waiting(*watch, paths);
    Waiting waiting(*watch, during, pause);
    const auto changed = waiting.wait();
    if (waiting.signal() != 0) {
      tell(fmt::format("\nno longer waiting; the last run {}", last == 0 ? "went well" : fmt::format("ended with exit code {}", last)));
      return waiting.signal() == SIGINT ? last : exit_code(ErrorKind::terminated);
    }
    tell(fmt::format("changed: {}\n", names_of(changed)));
  }
}

}  // namespace mlpipe::cli
