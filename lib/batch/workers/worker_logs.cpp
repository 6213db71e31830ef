#include "batch/workers/worker_logs.h"

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

WorkerLogs::WorkerLogs(Path logs, int workers) : logs_(std::move(logs)) {
  for (int worker = 0; worker < workers; ++worker)
    files_.push_back({LogFile(path_of("stdout", worker, ".stdout.txt")), LogFile(stderr_file(worker)), LogFile(error_file(worker)),
                      index(path_of("stdout", worker, ".stdout.txt")), index(stderr_file(worker)), 0, {}});
}

PrintedIndex WorkerLogs::index(const Path& log) const { return PrintedIndex(logs_ / index_of_log(log)); }

void WorkerLogs::printed(int worker, bool is_stderr, std::string_view text, std::optional<std::uint64_t> mini_batch, WallTime now) {
  auto& files = files_[static_cast<std::size_t>(worker)];
  PrintedIndex& index = is_stderr ? files.err_index : files.out_index;
  index.prints(is_stderr, worker_name(worker), mini_batch, now);
  index.printed((is_stderr ? files.err : files.out).append(text));
  if (is_stderr) keep_end(files.last_words, text);
}

Path WorkerLogs::failed(int worker, std::string_view text) {
  constexpr std::size_t longest = 16u << 20;
  auto& files = files_[static_cast<std::size_t>(worker)];
  if (files.error_bytes > longest) return files.error.path();
  files.error_bytes += text.size();
  files.error.append(text);
  if (files.error_bytes > longest) files.error.append("... more failures are not written here\n");
  return files.error.path();
}

Path WorkerLogs::error_file(int worker) const { return path_of("error", worker, ".txt"); }
Path WorkerLogs::stderr_file(int worker) const { return path_of("stderr", worker, ".stderr.txt"); }

Path WorkerLogs::path_of(const char* kind, int worker, const char* ending) const {
  return logs_ / "user" / kind / "local-0" / (worker_name(worker) + ending);
}

}  // namespace mlpipe
