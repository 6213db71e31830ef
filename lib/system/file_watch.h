// Tells which files were saved: written to, made, moved here or away, removed, or given other permissions.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "system/fd.h"
#include "system/polled_place.h"

namespace mlpipe {

// Through inotify, from its construction on. Places that it cannot tell about are polled: those beyond the system's limit of watches, and
// those on file systems that other machines write to. A file counts when its writer closes it. Links are followed.
class FileWatch {
 public:
  static constexpr std::size_t no_limit = SIZE_MAX;

  // `most_watches`: of the kernel, besides its own limit; 0: everything is polled.
  explicit FileWatch(std::vector<WatchedPlace> places, std::size_t most_watches = no_limit);

  int fd() const { return inotify_.get(); }  // readable when changes() may have news; -1: there is nothing to wait on
  const std::vector<PolledPlace>& polled() const { return polled_; }  // what has to be asked for from time to time
  // Since the last call, in order, each once; nothing of what came and went. Costs a walk over the polled places.
  std::vector<Path> changes();

 private:
  // What a watch of the kernel tells about.
  struct Target {
    enum class Kind { folder, name, file };  // all in a folder; one name in it; a file behind a link
    std::size_t place;
    Kind kind;
    Path path;         // the folder or the link
    std::string name;  // of Kind::name
  };
  enum class Added { yes, known, none_left };

  Added add(Target target);
  bool watch_place(std::size_t place);
  bool watch_folder(std::size_t place, const Path& folder);
  void poll_instead(std::size_t place);
  void read_events();
  void take(const Target& target, std::uint32_t what, const std::string& name);
  void note(const Path& path, std::uint32_t what);
  void look_into(std::size_t place, const Path& folder);

  std::vector<WatchedPlace> places_;
  Fd inotify_;
  std::size_t left_;                            // watches that may still be made
  std::map<int, std::vector<Target>> targets_;  // by watch
  std::vector<PolledPlace> polled_;
  std::map<Path, bool> changed_;                // true: it came since the last call
};

}  // namespace mlpipe
