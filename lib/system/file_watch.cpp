#include "system/file_watch.h"

#include <sys/inotify.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "system/file_system.h"

namespace mlpipe {
namespace {

constexpr std::uint32_t saved = IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ATTRIB;

// Of another machine or a program: the kernel here does not see all that is written.
bool is_local(Path path) {
  while (!path_exists(path) && path.has_relative_path()) path = path.parent_path();
  return times_can_be_trusted(path);
}

bool is_link(const Path& path) {
  std::error_code failed;
  return std::filesystem::is_symlink(path, failed);
}

}  // namespace

FileWatch::FileWatch(std::vector<WatchedPlace> places, std::size_t most_watches)
    : places_(std::move(places)), inotify_(most_watches > 0 ? ::inotify_init1(IN_CLOEXEC | IN_NONBLOCK) : -1), left_(most_watches) {
  for (std::size_t i = 0; i < places_.size(); ++i)
    if (!inotify_ || !is_local(places_[i].path) || !watch_place(i)) poll_instead(i);
}

// A folder that is gone or closed to us is as good as watched: there is nothing to tell of it.
FileWatch::Added FileWatch::add(Target target) {
  if (left_ == 0) return Added::none_left;
  const int watch = ::inotify_add_watch(inotify_.get(), target.path.c_str(), saved);
  if (watch < 0) return errno == ENOSPC || errno == ENOMEM ? Added::none_left : Added::known;
  auto& targets = targets_[watch];
  if (targets.empty()) --left_;
  const auto known = std::find_if(targets.begin(), targets.end(),
                                  [&](const Target& t) { return t.place == target.place && t.kind == target.kind && t.name == target.name; });
  const bool moved = known != targets.end() && known->path != target.path && !path_exists(known->path);
  if (moved) *known = std::move(target);
  else if (known == targets.end()) targets.push_back(std::move(target));
  else return Added::known;
  return Added::yes;
}

// False: the kernel cannot.
bool FileWatch::watch_place(std::size_t place) {
  const Path& path = places_[place].path;
  const Path above = path.parent_path();
  if (!is_folder(above)) return false;
  // A file is replaced when it is saved, and what is not there may come: its folder tells.
  if (add({place, Target::Kind::name, above, path.filename().string()}) == Added::none_left) return false;
  if (is_folder(path)) return watch_folder(place, path);
  return !is_link(path) || add({place, Target::Kind::file, path, ""}) != Added::none_left;
}

bool FileWatch::watch_folder(std::size_t place, const Path& folder) {
  const Added added = add({place, Target::Kind::folder, folder, ""});
  if (added != Added::yes) return added == Added::known;  // links may lead in a circle
  std::error_code failed, gone;
  for (std::filesystem::directory_iterator at(folder, failed), end; !failed && at != end; at.increment(failed)) {
    const bool is_dir = at->is_directory(gone);  // costs no look at the disk but for links
    if (places_[place].ignores(at->path(), is_dir)) continue;
    if (is_dir && !watch_folder(place, at->path())) return false;
    if (!is_dir && at->is_symlink(gone) && add({place, Target::Kind::file, at->path(), ""}) == Added::none_left) return false;
  }
  return true;
}

void FileWatch::poll_instead(std::size_t place) {
  for (auto& [watch, targets] : targets_) {
    std::erase_if(targets, [&](const Target& target) { return target.place == place; });
    if (!targets.empty()) continue;
    ::inotify_rm_watch(inotify_.get(), watch);
    ++left_;
  }
  std::erase_if(targets_, [](const auto& entry) { return entry.second.empty(); });
  polled_.emplace_back(places_[place]);
}

void FileWatch::note(const Path& path, std::uint32_t what) { changed_.emplace(path, (what & IN_CREATE) != 0); }

// A folder that came: what was put into it before it was watched is told by nobody.
void FileWatch::look_into(std::size_t place, const Path& folder) {
  if (!watch_folder(place, folder)) return poll_instead(place);
  std::error_code failed;
  for (std::filesystem::recursive_directory_iterator at(folder, failed), end; !failed && at != end; at.increment(failed)) {
    const bool ignored = places_[place].ignores(at->path(), at->is_directory(failed));
    if (ignored) at.disable_recursion_pending();
    else note(at->path(), 0);
  }
}

void FileWatch::take(const Target& target, std::uint32_t what, const std::string& name) {
  if (target.kind == Target::Kind::file) return note(target.path, what);
  const bool folder = what & IN_ISDIR;
  if (name.empty() || (folder && what & IN_ATTRIB) || (target.kind == Target::Kind::name && name != target.name)) return;
  const std::size_t place = target.place;
  const Path path = target.path / name;
  if (places_[place].ignores(path, folder)) return;
  note(path, what);
  if (folder && what & (IN_CREATE | IN_MOVED_TO)) look_into(place, path);
}

void FileWatch::read_events() {
  alignas(inotify_event) char buffer[16384];
  for (ssize_t size; (size = ::read(inotify_.get(), buffer, sizeof buffer)) > 0;) {
    for (ssize_t at = 0; at < size;) {
      const auto* event = reinterpret_cast<const inotify_event*>(buffer + at);
      at += static_cast<ssize_t>(sizeof *event + event->len);
      if (event->mask & IN_Q_OVERFLOW)
        for (const WatchedPlace& place : places_) note(place.path, 0);
      const auto found = targets_.find(event->wd);
      if (found == targets_.end()) continue;
      const auto targets = found->second;  // looking into a new folder changes the list
      if (event->mask & IN_IGNORED) targets_.erase(found);
      else
        for (const Target& target : targets) take(target, event->mask, event->len ? event->name : "");
    }
  }
}

std::vector<Path> FileWatch::changes() {
  if (inotify_) read_events();
  for (PolledPlace& place : polled_)
    for (const Path& path : place.changes()) note(path, 0);
  std::vector<Path> paths;
  for (const auto& [path, came] : std::exchange(changed_, {}))
    if (!came || path_exists(path)) paths.push_back(path);
  return paths;
}

}  // namespace mlpipe
