// Writing the record of a run.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <utility>

#include "store/records.h"
#include "store/run_places.h"
#include "store/run_record.h"

namespace mlpipe {
namespace {

constexpr int most_ids = 10'000;  // milliseconds to look ahead for a free id

// Whether it was made: not when somebody has it already.
Result<bool> make_marker(const Path& marker) {
  for (int tries = 0; tries < 2; ++tries) {
    const Fd fd(::open(marker.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
    if (fd) return true;
    if (errno == EEXIST) return false;
    if (errno != ENOENT) break;
    MLPIPE_TRY_VOID(make_dirs(marker.parent_path()));
  }
  return errno_error("create", marker);
}

Result<bool> make_new_folder(const Path& folder) {
  if (::mkdir(folder.c_str(), 0777) == 0) return true;
  if (errno == ENOENT) {
    MLPIPE_TRY_VOID(make_dirs(folder.parent_path()));
    if (::mkdir(folder.c_str(), 0777) == 0) return true;
  }
  if (errno == EEXIST) return false;
  return errno_error("create folder", folder);
}

// Lock, then marker, then folder: a sweeper that sees the marker of a run that is just beginning finds it locked, and one
// that dies in between leaves nothing that is not swept.
Result<std::optional<Lock>> occupy(const Store& store, const std::string& id) {
  MLPIPE_TRY(auto lock, store.locks().try_lock(run_lock_name(id)));
  if (!lock) return std::optional<Lock>();
  MLPIPE_TRY(const bool marked, make_marker(active_marker(store.root(), id)));
  if (!marked) return std::optional<Lock>();
  const auto made = make_new_folder(store.run_path(id));
  if (made && *made) return lock;
  ::unlink(active_marker(store.root(), id).c_str());
  if (!made) return made.error();
  return std::optional<Lock>();
}

bool worth_remembering(const StepRecord& record) {
  using enum StepState;
  return record.fingerprint && record.state != skipped;
}

}  // namespace

RunRecorder::RunRecorder(const Store& store, RunHeader header, Lock lock)
    : header_(std::move(header)),
      store_(&store),
      folder_(store.run_path(header_.id)),
      marker_(active_marker(store.root(), header_.id)),
      token_(run_token(store.root(), header_.id)),
      lock_(std::move(lock)) {}

Result<RunRecorder> RunRecorder::begin(const Store& store, RunHeader header, const Clock& clock) {
  header.started = clock.wall();
  if (header.pid == 0) header.pid = ::getpid();
  header.mark = process_mark();
  for (int tries = 0; tries < most_ids; ++tries) {
    header.id = format_stamp(header.started + std::chrono::milliseconds(tries));
    MLPIPE_TRY(auto lock, occupy(store, header.id));
    if (!lock) continue;
    RunRecorder recorder(store, std::move(header), std::move(*lock));
    MLPIPE_TRY(recorder.file_, open_file(recorder.folder_ / record_name, O_WRONLY | O_CREAT | O_APPEND));
    MLPIPE_TRY_VOID(recorder.append(encode(recorder.header_)));
    return recorder;
  }
  return Error{ErrorKind::store, "cannot find an id for the run in " + shown_path(store.root()), "is the clock of this machine right?"};
}

Status RunRecorder::append(std::string line) {
  if (torn_) line.insert(0, "\n");
  torn_ = true;
  MLPIPE_TRY_VOID(write_all(file_.get(), line + "\n", folder_ / record_name));
  torn_ = false;
  return {};
}

Status RunRecorder::sync() {
  if (std::exchange(published_, false)) MLPIPE_TRY_VOID(store_->sync_results());
  if (::fdatasync(file_.get()) != 0) return errno_error("sync", folder_ / record_name);
  if (folders_synced_) return {};
  MLPIPE_TRY_VOID(sync_folder(folder_));
  MLPIPE_TRY_VOID(sync_folder(folder_.parent_path()));
  folders_synced_ = true;
  return {};
}

Status RunRecorder::step(const StepRecord& record) {
  published_ |= record.state == StepState::ran;
  MLPIPE_TRY_VOID(append(encode(record)));
  if (!worth_remembering(record)) return {};
  return write_last_step(store_->root(), header_.spec, record.step, {header_.id, *record.fingerprint, record.state});
}

Status RunRecorder::end(RunState state, int exit_code, Seconds took) {
  MLPIPE_TRY_VOID(append(encode_end(state, exit_code, took)));
  MLPIPE_TRY_VOID(sync());
  MLPIPE_TRY_VOID(remove_tree(work_folder()));
  if (::unlink(marker_.c_str()) != 0 && errno != ENOENT) return errno_error("remove", marker_);
  return {};
}

}  // namespace mlpipe
