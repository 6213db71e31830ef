#include "run/input_ways.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <set>

#include "base/text.h"
#include "reuse/digest_index.h"
#include "reuse/escape.h"
#include "system/blake3.h"

namespace mlpipe {
namespace {

constexpr int most_links = 40;  // one behind the other, as the kernel has it

}  // namespace

class InputWays::Look {
 public:
  explicit Look(const StepDescription& description) {
    for (const auto& [input, data] : description.data) {
      look_at(data.path, *data.tree);
      for (const DataBeyond& more : data.beyond) look_at(more.path, *more.tree);
    }
    ways_.files_ = files_.finish().hex();
    ways_.written_ = written_.finish().hex();
  }

  InputWays take() { return std::move(ways_); }

 private:
  void look_at(const Path& path, const Tree& tree) {
    links_to(path, 0);
    mark(path);
    for (const TreeEntry& entry : tree.entries()) {
      if (!entry.path.empty()) folders_to(path, entry.path);
      file(entry.path.empty() ? path : path / entry.path);
    }
  }

  // Links among the parts of an absolute path, and among those of what they lead to.
  void links_to(const Path& path, int depth) {
    Path at;
    for (const Path& part : path) {
      at /= part;
      struct stat st;
      if (::lstat(at.c_str(), &st) != 0 || !S_ISLNK(st.st_mode)) continue;
      mark(at, st);
      std::error_code failed;
      const Path target = std::filesystem::read_symlink(at, failed);
      if (!failed && depth < most_links) links_to((at.parent_path() / target).lexically_normal(), depth + 1);
    }
  }

  void folders_to(const Path& root, const std::string& entry) {
    for (auto end = entry.find('/'); end != std::string::npos; end = entry.find('/', end + 1))
      if (seen_.insert(root / entry.substr(0, end)).second) mark(root / entry.substr(0, end));
  }

  void file(const Path& path) {
    struct stat st {};
    if (::lstat(path.c_str(), &st) == 0 && S_ISLNK(st.st_mode)) {
      mark(path, st);
      (void)::stat(path.c_str(), &st);
    }
    const StatKey key = StatKey::of(st);
    files_.field(path.native()).number(key.inode).number(static_cast<std::uint64_t>(key.mtime_ns)).number(static_cast<std::uint64_t>(key.ctime_ns));
    written_.field(path.native()).number(key.size).number(static_cast<std::uint64_t>(key.mtime_ns));
  }

  void mark(const Path& path) {
    struct stat st;
    if (::lstat(path.c_str(), &st) != 0) return;
    if (S_ISLNK(st.st_mode) || S_ISDIR(st.st_mode)) mark(path, st);
    if (S_ISLNK(st.st_mode) && ::stat(path.c_str(), &st) == 0 && S_ISDIR(st.st_mode)) mark(path / "", st);
  }

  void mark(const Path& path, const struct stat& st) {
    const StatKey key = StatKey::of(st);
    // A link made anew has all times anew: one of them is left out, so that the other tells.
    ways_.marks_[path.native()] = {static_cast<std::int64_t>(key.inode), key.ctime_ns, S_ISLNK(st.st_mode) ? 0 : key.mtime_ns,
                                   static_cast<std::int64_t>(st.st_mode) << 40 ^ static_cast<std::int64_t>(st.st_uid) << 20 ^ st.st_gid};
  }

  InputWays ways_;
  Hasher files_, written_;
  std::set<Path> seen_;
};

InputWays InputWays::of(const StepDescription& description) { return Look(description).take(); }

// A folder that is renamed or has its owner or mode changed gets one new time; one in which something comes and goes gets two. The number
// alone says nothing: file systems in user space make up new ones.
bool InputWays::Mark::led_elsewhere(const Mark& before) const {
  if (changed_ns == before.changed_ns) return false;
  if (modified_ns == before.modified_ns) return owner == before.owner;
  return inode != before.inode;
}

bool InputWays::lead_where(const InputWays& before) const {
  if (marks_.size() != before.marks_.size()) return false;
  for (const auto& [path, now] : marks_) {
    const auto then = before.marks_.find(path);
    if (then == before.marks_.end() || now.led_elsewhere(then->second)) return false;
  }
  return true;
}

std::string InputWays::to_text() const {
  std::string text = files_ + "\n";
  for (const auto& [path, mark] : marks_) text += fmt::format("{} {} {} {} {}\n", mark.inode, mark.changed_ns, mark.modified_ns, mark.owner, escape(path));
  return text;
}

std::optional<InputWays> InputWays::from_text(std::string_view text) {
  const auto lines = split(text, '\n');
  InputWays ways;
  ways.files_ = lines[0];
  for (std::size_t i = 1; i + 1 < lines.size(); ++i) {
    const auto words = split(lines[i], ' ');
    if (words.size() < 5) return std::nullopt;
    const auto inode = parse_integer(words[0]), changed = parse_integer(words[1]), modified = parse_integer(words[2]), owner = parse_integer(words[3]);
    const auto path = unescape(lines[i].substr(static_cast<std::size_t>(words[4].data() - lines[i].data())));
    if (!inode || !changed || !modified || !owner || !path) return std::nullopt;
    ways.marks_[*path] = {*inode, *changed, *modified, *owner};
  }
  return ways;
}

}  // namespace mlpipe
