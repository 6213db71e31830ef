#include "batch/record/script_files.h"

#include <unistd.h>

#include <algorithm>

namespace mlpipe {
namespace {

Path wrote_mark(const ParallelJob& job) { return job.state / "scripts wrote files"; }
Path handover_mark(const ParallelJob& job) { return job.state / "handed over"; }

Status set_mark(const Path& mark) { return path_exists(mark) ? Status() : write_file(mark, "", Durability::synced); }

std::vector<Path> entries_of(const Path& folder) {
  std::vector<Path> entries;
  const auto names = is_folder(folder) ? list_folder(folder) : Result<std::vector<std::string>>(std::vector<std::string>());
  if (names)
    for (const auto& name : *names) entries.push_back(folder / name);
  return entries;
}

std::vector<Path> files_of_scripts(const ParallelJob& job) {
  if (job.config.model) return {};  // there is no script: whatever lies there we wrote, and write again
  std::vector<Path> found = job.output.empty() ? std::vector<Path>() : entries_of(job.output);
  if (job.config.output_action == OutputAction::append_row) std::erase(found, job.output / job.config.append_row_file_name);
  for (const auto& place : job.outputs) {
    if (place.path == job.output || place.path.parent_path() == job.output) continue;
    const auto more = is_folder(place.path) ? entries_of(place.path) : path_exists(place.path) ? std::vector<Path>{place.path} : std::vector<Path>();
    found.insert(found.end(), more.begin(), more.end());
  }
  return found;
}

}  // namespace

bool scripts_wrote(const ParallelJob& job) { return !files_of_scripts(job).empty(); }

Status remove_script_files(const ParallelJob& job) {
  for (const auto& path : files_of_scripts(job)) MLPIPE_TRY_VOID(remove_tree(path));
  return {};
}

// The mark first: there may be a million files, and this is asked every second.
Status note_script_files(const ParallelJob& job) {
  return path_exists(wrote_mark(job)) || !scripts_wrote(job) ? Status() : set_mark(wrote_mark(job));
}

bool may_have_lost_files(const ParallelJob& job) { return path_exists(wrote_mark(job)) || scripts_wrote(job); }

Status note_handover(const ParallelJob& job) { return scripts_wrote(job) ? set_mark(handover_mark(job)) : Status(); }

bool was_handed_over(const ParallelJob& job) { return path_exists(handover_mark(job)); }

void forget_marks(const ParallelJob& job) {
  for (const auto& mark : {wrote_mark(job), handover_mark(job)}) (void)::unlink(mark.c_str());
}

}  // namespace mlpipe
