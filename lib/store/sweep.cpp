// Sweeping what dead runs left.
#include <unistd.h>

#include <cerrno>
#include <variant>

#include "store/aside.h"
#include "store/leftovers.h"
#include "store/run_places.h"
#include "store/run_record.h"
#include "system/process.h"

namespace mlpipe {
namespace {

// Killed before its header was whole: nobody can have seen this run.
bool never_began(const Path& folder) {
  const auto text = read_file(folder / record_name);
  return !text || text->find('\n') == std::string::npos;
}

// Died after a parallel step's result was published and before its journal was cleared away: nobody would ask for it again.
void remove_published_partials(const Store& store, const std::string& id) {
  const auto names = list_folder(store.root() / "partial");
  if (!names || names->empty() || !store.sync_results()) return;
  for (const std::string& name : *names) {
    const auto fingerprint = Digest::parse(name);
    const auto result = fingerprint ? store.find(*fingerprint) : std::nullopt;
    if (!result || result->run_id != id) continue;
    const auto claim = store.claim(*fingerprint, false);
    if (claim && std::holds_alternative<Slot>(*claim)) (void)remove_tree(store.partial_path(*fingerprint));
  }
}

// Processes first: they might still write into the work folder. The marker last: whatever interrupts this, it is done again.
bool sweep_run(const Store& store, const std::string& id) {
  const Path folder = store.run_path(id), marker = active_marker(store.root(), id);
  kill_marked(run_token(store.root(), id));
  if (!remove_tree(folder / "work")) return false;
  if (const auto run = read_run(store, id)) remove_leftovers(store.root(), folder, run->header.mark);
  remove_published_partials(store, id);
  if (never_began(folder) && !remove_tree(folder)) return false;
  return ::unlink(marker.c_str()) == 0 || errno == ENOENT;
}

}  // namespace

Result<std::vector<std::string>> sweep_dead_runs(const Store& store) {
  std::vector<std::string> swept;
  sweep_asides(store);
  const Path folder = store.root() / "active";
  if (!path_exists(folder)) return swept;
  MLPIPE_TRY(const auto ids, list_folder(folder));
  for (const std::string& id : ids) {
    MLPIPE_TRY(const auto lock, store.locks().try_lock(run_lock_name(id)));
    if (!lock) continue;
    // The lock may be free because another process swept it, or because the run ended, since the listing.
    if (path_exists(active_marker(store.root(), id)) && sweep_run(store, id)) swept.push_back(id);
  }
  return swept;
}

}  // namespace mlpipe
