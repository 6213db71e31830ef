#include "system/host.h"

#include <fmt/format.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <thread>

#include "base/text.h"

namespace mlpipe {
namespace {

// The cgroup (version 2) folders that hold us, ours first. Limits of any of them bind.
std::vector<Path> cgroup_folders() {
  const auto membership = read_file("/proc/self/cgroup");
  if (!membership) return {};
  const Path root = "/sys/fs/cgroup";
  for (const auto line : split(*membership, '\n')) {
    if (!line.starts_with("0::/")) continue;
    std::vector<Path> folders;
    for (Path inside = line.substr(4); !inside.empty(); inside = inside.parent_path()) folders.push_back(root / inside);
    folders.push_back(root);
    return folders;
  }
  return {};
}

// The file of the cgroup (version 1) that limits our memory.
std::optional<Path> old_memory_events() {
  const auto membership = read_file("/proc/self/cgroup");
  if (!membership) return std::nullopt;
  for (const auto line : split(*membership, '\n')) {
    const auto at = line.find(":memory:/");
    if (at != std::string_view::npos) return Path("/sys/fs/cgroup/memory") / line.substr(at + 9) / "memory.oom_control";
  }
  return std::nullopt;
}

int cores_by_affinity() {
  // Machines with more than 1024 processors need a larger set than cpu_set_t.
  for (int size = 1024; size <= 1 << 20; size *= 2) {
    cpu_set_t* const set = CPU_ALLOC(size);
    const bool fits = ::sched_getaffinity(0, CPU_ALLOC_SIZE(size), set) == 0;
    const int count = fits ? CPU_COUNT_S(CPU_ALLOC_SIZE(size), set) : 0;
    CPU_FREE(set);
    if (fits) return std::max(1, count);
  }
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

// "max 100000" or "150000 100000": a part of a core counts as a whole one.
std::optional<int> quota_in(const Path& folder) {
  const auto text = read_file(folder / "cpu.max");
  if (!text) return std::nullopt;
  const auto words = split(trim(*text), ' ');
  if (words.size() != 2) return std::nullopt;
  const auto quota = parse_integer(words[0]), period = parse_integer(words[1]);
  if (!quota || !period || *quota <= 0 || *period <= 0) return std::nullopt;
  return static_cast<int>(std::min<long long>((*quota + *period - 1) / *period, 1 << 20));
}

bool is_program(const Path& path) { return is_file(path) && ::access(path.c_str(), X_OK) == 0; }

}  // namespace

int usable_cores() {
  int cores = cores_by_affinity();
  for (const auto& folder : cgroup_folders())
    if (const auto quota = quota_in(folder)) cores = std::min(cores, *quota);
  return std::max(1, cores);
}

std::uint64_t physical_memory() {
  auto memory = static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES)) * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  for (const auto& folder : cgroup_folders()) {
    const auto text = read_file(folder / "memory.max");
    const auto limit = text ? parse_integer(trim(*text)) : std::nullopt;
    if (limit && *limit > 0) memory = std::min(memory, static_cast<std::uint64_t>(*limit));
  }
  return memory;
}

std::uint64_t oom_kills_in(std::string_view text) {
  for (const auto line : split(text, '\n')) {
    if (!line.starts_with("oom_kill ")) continue;
    const auto count = parse_integer(trim(line.substr(9)));
    return count && *count > 0 ? static_cast<std::uint64_t>(*count) : 0;
  }
  return 0;
}

std::uint64_t oom_kills() {
  std::vector<Path> files{"/proc/vmstat"};
  for (const auto& folder : cgroup_folders()) files.push_back(folder / "memory.events");
  if (const auto old = old_memory_events()) files.push_back(*old);
  std::uint64_t count = 0;
  for (const auto& file : files)
    if (const auto text = read_file(file)) count += oom_kills_in(*text);
  return count;
}

Path executable_path() {
  std::error_code error;
  return std::filesystem::read_symlink("/proc/self/exe", error);
}

std::optional<Path> find_module(const std::string& name) {
  const Path base = executable_path().parent_path().parent_path();
  for (const char* folder : {"lib/mlpipe", "share/mlpipe"})
    if (const Path candidate = base / folder / name; path_exists(candidate)) return candidate;
  return std::nullopt;
}

std::optional<Path> find_program(const std::string& name, const std::string& path_variable) {
  if (name.empty()) return std::nullopt;
  if (name.find('/') != std::string::npos) return is_program(name) ? std::optional<Path>(name) : std::nullopt;
  for (const auto folder : split(path_variable, ':')) {
    // POSIX: an empty entry is the working directory.
    const Path candidate = (folder.empty() ? Path(".") : Path(folder)) / name;
    if (is_program(candidate)) return candidate;
  }
  return std::nullopt;
}

bool is_terminal(int fd) { return ::isatty(fd) == 1; }

bool processor_has(std::string_view flag) {
  static const std::string flags = [] {
    const auto text = read_file("/proc/cpuinfo");
    const auto at = text ? std::min(text->find("\nflags"), text->find("\nFeatures")) : std::string::npos;
    return at == std::string::npos ? std::string() : text->substr(at + 1, text->find('\n', at + 1) - at - 1) + ' ';
  }();
  return flags.find(fmt::format(" {} ", flag)) != std::string::npos;
}

}  // namespace mlpipe
