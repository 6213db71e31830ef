// What runs leave on disk (.mlpipe/): step results, their outputs, manifests, claims. Safe under any number of mlpipe
// processes at once and kill -9 at any moment; nothing ever has to be unlocked by hand.
//
//   .gitignore        "*": the store ignores itself for git and for our own hashing
//   format            "mlpipe store 1\n"; a newer number is refused (kind store)
//   locks             kernel-released locks, a byte each (system/locks.h): "claim <fingerprint>", "run <id>", "aside <name>",
//                     "size"; "gc", shared for the moment of a claim or a publication, and "use", shared while somebody works
//                     with what no run names: both are gc's alone while it moves away what goes
//   results/<fp>      JSON: the StepResult of a fingerprint, and a line with its check sum; replaced atomically. Its time of change
//                     is when it was last used, to the hour (Store::mark_used)
//   objects/<dg>/     one published output; immutable once renamed into place. <dg>: of a folder its tree digest; of a file the
//                     digest of its name and its tree, and the folder holds the file under its name (StoredOutput::tree stays
//                     the digest of the content alone, so that what reads it depends on the content, not on the name)
//   texts/<dg>        immutable texts named by what they describe: manifests (by fingerprint), tree listings (by digest); not
//                     synced, as losing one costs an explanation, never a result
//   code/             the code that runs ran (reuse/code_trees.h)
//   partial/<fp>/     an unfinished parallel step: mini-batch plan, journal, rows; outlives runs, so that they resume
//   runs/<id>/        record.jsonl (see store/run_record.h), steps/<step>/logs/, work/ (private copies, unfinished outputs)
//   active/<id>       empty marker of a run that has not ended; one whose "run <id>" lock is free is dead and swept
//   last/<spec>/<step> the latest run and fingerprint of a step, an accelerator for "why"
//   copies/<name>/    the private copy of its source in which a step ran last (run/source_copy.h); lock "copy <name>"
//   downloads/<url>/  a file of the web (run/downloads.h)
//   models/<digest>/  an unpacked package of AOTInductor (run/model_place.h)
//   published/<place> listing of what `publish:` last copied to a place of the user's (run/publication.h)
//   index/            digest index (reuse/digest_index.h)
//   aside/<name>/     what is on its way in or out (store/aside.h)
//   size              about how large the store is (store/store_size.h)
//
// Order of publication: the output's files are synced, then renamed to objects/, that folder is synced, then the result record
// is replaced. So a record names objects that are whole, unless somebody changed them since, which verify (reuse/) notices.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/digest.h"
#include "base/result.h"
#include "base/units.h"
#include "system/clock.h"
#include "system/files.h"
#include "system/locks.h"

namespace mlpipe {

// A published output of a step.
struct StoredOutput {
  std::string name;
  Digest tree;            // of its content
  std::string file;       // the file's name, when the output is a file; empty: a folder
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
};

// What a parallel step counted. Zero for other steps.
struct ScoreCounts {
  std::uint64_t mini_batches = 0, failed_mini_batches = 0;
  std::uint64_t items = 0, failed_items = 0;
  std::uint64_t rows = 0;
};

// Why a later run may take these outputs instead of running the step.
struct StepResult {
  Digest fingerprint;
  std::string step;
  std::string run_id;  // of the run that made it
  WallTime finished;
  Seconds took{};
  std::vector<StoredOutput> outputs;
  ScoreCounts counts;
  std::map<std::string, std::string> unfingerprinted;  // settings that may change without a rerun: "process_count_per_node" -> "2"
  bool sample = false;  // made by --sample
  std::map<std::string, double> metrics;  // StepRecord::metrics
};

class Store;

// The right, and the only one, to publish a result for a fingerprint. Given back when destroyed or when its process dies.
class Slot {
 public:
  // Moves each output (built beside: same file system) to its object, or drops it where an object with equal bytes stands; an
  // object with other bytes is damaged and replaced. Links in outputs become copies. Then replaces the result record.
  // A power cut before Store::sync_results may forget that it was published, but damages nothing. gc waits for it.
  // `built`: path of each of result.outputs, in their order: the folder, or the file itself. Gone after success.
  Status publish(const StepResult& result, const std::vector<Path>& built);

 private:
  friend class Store;
  Slot(const Store& store, Digest fingerprint, Lock lock) : store_(&store), fingerprint_(fingerprint), lock_(std::move(lock)) {}
  const Store* store_;
  Digest fingerprint_;
  Lock lock_;
};

struct Hit {
  StepResult result;
};
struct Busy {};  // another process has the slot; ask again later
using Claim = std::variant<Hit, Slot, Busy>;

class Store {
 public:
  enum class Access { read, write };

  // write: creates what is missing. read: an absent store is an empty one. Kind store: newer format, unwritable, not ours.
  // Not ours: a folder that has other things in it and no format file.
  static Result<Store> open(const Path& root, Access access);

  const Path& root() const { return root_; }

  // Hit: a result exists (not verified here: see reuse/verify.h), and is marked as used now. With `want_hit` false an existing
  // result is not looked at: Slot or Busy.
  Result<Claim> claim(const Digest& fingerprint, bool want_hit) const;
  // Somebody, in whatever process, holds the slot now.
  Result<bool> is_claimed(const Digest& fingerprint) const;
  // The result without a claim, for read-only commands. A damaged record is nothing.
  std::optional<StepResult> find(const Digest& fingerprint) const;
  // Notes that a result is used now, unless that was noted within `use_grain`: gc keeps what was used since so long before the oldest
  // living run began, and removes first what was not used for longest. Failing is silent: a store may be read-only.
  void mark_used(const Digest& fingerprint) const;
  static constexpr auto use_grain = std::chrono::hours(1);
  // While it is held nothing is collected: for commands that work with results but are no run. Waits for a gc that is moving
  // things away; fails when that takes too long.
  Result<Lock> in_use() const;
  // Held for the moment in which a claim, a publication or the taking of a source copy must not meet a gc.
  Result<Lock> undisturbed() const;
  // Makes what was published so far, by whomever, survive a power cut.
  Status sync_results() const;
  // Forgets a result whose outputs turned out damaged. The objects stay, as somebody may be reading what is left of them:
  // the next publication of the same content replaces those that do not hold it.
  void forget(const Slot& slot, const StepResult& damaged) const;

  Path object_path(const StoredOutput& output) const;     // .../objects/<hex>, always a folder
  Path output_path(const StoredOutput& output) const;     // the folder, or the file inside the object
  Path partial_path(const Digest& fingerprint) const;
  Path index_path() const;
  Path copies_path() const;
  Path downloads_path() const;
  Path models_path() const;
  Path published_path(const Path& target) const;
  Path run_path(const std::string& run_id) const;
  // A path seen from the folder that the store lies in, which stays the same when both are moved; and where that is now: `then`, when
  // only the store was moved.
  std::string beside(const Path& path) const;
  Path place_now(const Path& then, const std::string& beside) const;

  // Immutable texts. put only marks it as used when it is there already, as renew does: what will name it may not be recorded yet.
  // renew tells whether it is there.
  bool renew_text(const Digest& name) const;
  Status put_text(const Digest& name, std::string_view text) const;
  Result<std::string> get_text(const Digest& name) const;
  bool has_text(const Digest& name) const;

  LockFile locks() const { return LockFile(root_ / "locks"); }
  // Names of the locks that gc has alone.
  static constexpr std::string_view gc_lock = "gc", use_lock = "use";

  Path result_path(const Digest& fingerprint) const;

 private:
  explicit Store(Path root) : root_(std::move(root)) {}
  Path text_path(const Digest& name) const;

  friend class Slot;
  Path root_;
};

}  // namespace mlpipe
