#include "batch/worker_logs.h"

#include <fcntl.h>

#include <fmt/format.h>

namespace mlpipe {

std::string worker_name(int number) { return fmt::format("process{:03}", number); }

namespace {

constexpr std::size_t last_words_size = 2000;

void keep_end(std::string& kept, std::string_view text) {
  if (text.size() > last_words_size) text.remove_prefix(text.size() - last_words_size);
  kept += text;
  if (kept.size() > last_words_size) kept.erase(0, kept.size() - last_words_size);
}

}  // namespace

WorkerLogs::WorkerLogs(Path logs, int workers) : logs_(std::move(logs)), files_(static_cast<std::size_t>(workers)) {}

void WorkerLogs::append(Fd& file, const Path& path, std::string_view text) {
  if (!file) {
    if (!make_dirs(path.parent_path())) return;
    auto opened = open_file(path, O_WRONLY | O_CREAT | O_APPEND);
    if (!opened) return;
    file = opened.take();
  }
  (void)write_all(file.get(), text, path);
}

void WorkerLogs::printed(int worker, bool is_stderr, std::string_view text) {
  auto& files = files_[static_cast<std::size_t>(worker)];
  if (is_stderr) {
    append(files.err, stderr_file(worker), text);
    keep_end(files.last_words, text);
  } else {
    append(files.out, path_of("stdout", worker, ".stdout.txt"), text);
  }
}

Path WorkerLogs::failed(int worker, std::string_view text) {
  constexpr std::size_t longest = 16u << 20;
  auto& files = files_[static_cast<std::size_t>(worker)];
  const auto path = error_file(worker);
  if (files.error_bytes > longest) return path;
  files.error_bytes += text.size();
  append(files.error, path, text);
  if (files.error_bytes > longest) append(files.error, path, "... more failures are not written here\n");
  return path;
}

Path WorkerLogs::error_file(int worker) const { return path_of("error", worker, ".txt"); }
Path WorkerLogs::stderr_file(int worker) const { return path_of("stderr", worker, ".stderr.txt"); }

Path WorkerLogs::path_of(const char* kind, int worker, const char* ending) const {
  return logs_ / "user" / kind / "local-0" / (worker_name(worker) + ending);
}

}  // namespace mlpipe
