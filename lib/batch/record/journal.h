// The rows of a parallel step, each written exactly once: a rows file that only ever grows, and a journal that says which
// mini-batch owns which extent of it. A record is appended after its rows, so whatever a record names is there, unless
// the machine lost power; recovery checks it. Two files of the state folder:
//
//   rows      the rows of finished mini-batches, in the order they finished
//   journal   header  "mlpipe journal 2" (16 bytes), u64 nonce, 32 bytes plan digest, u32 crc-32c of the above, u32 zero,
//                     16 bytes boot id
//             records u64 mini-batch, u64 offset, u64 length, u64 rows, u32 attempt, u32 items, u32 failed items,
//                     u32 crc-32c of the rows, u32 flags, u32 crc-32c of the record seeded with the header's
//             flags: 1 the mini-batch was taken apart; 2 its earlier record is void (and nothing else of this one counts)
// Little-endian. The nonce is new for every journal: bytes of an older one can never pass as records of this one.
// Only finished mini-batches have records; those that were given up are tried again by a resume.
// Nobody syncs what scripts wrote beside their rows: the boot id tells whether the machine has kept running since.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/digest.h"
#include "base/result.h"
#include "batch/record/file_ops.h"
#include "system/fd.h"
#include "system/files.h"

namespace mlpipe {

struct FinishedBatch {
  std::uint64_t mini_batch = 0;
  std::uint32_t attempt = 0;
  std::uint64_t rows = 0;
  std::uint32_t items = 0, failed_items = 0;
  bool taken_apart = false;  // it had used up its tries as a whole
};

// Where a finished mini-batch's rows lie.
struct Extent {
  std::uint64_t mini_batch = 0, offset = 0, length = 0;
  std::uint32_t checksum = 0;  // CRC-32C of the rows
};

class Journal {
 public:
  // Opens the journal in `folder` when it belongs to this plan, keeping what is whole and truncating what is not; else
  // starts an empty one. `notice` is set when finished work had to be dropped. Errors are of kind store.
  static Result<Journal> open(const Path& folder, const Digest& plan, FileOps& ops, std::string& notice);

  const std::vector<FinishedBatch>& finished() const { return finished_; }
  const std::vector<Extent>& extents() const { return extents_; }  // in the order they finished
  bool has(std::uint64_t mini_batch) const { return ids_.count(mini_batch) != 0; }
  // The machine was started anew since the journal's last user adopted its boot.
  bool from_another_boot() const { return from_another_boot_; }
  Status adopt_boot();
  int rows_fd() const { return rows_.get(); }

  // Rows first, then the record. False: this mini-batch has a record already, nothing was written. After an error every
  // later call fails: the files hold what they held, and the next open finds it.
  Result<bool> append(const FinishedBatch& batch, std::string_view rows);
  // Makes what was appended survive a power cut: rows before records. Never tried again after it failed.
  Status sync();
  // Makes the records of finished mini-batches void, so that they can be scored again. Their rows stay behind, and belong to nobody.
  Status retract(const std::vector<std::uint64_t>& mini_batches);
  // Error: rows are no longer what was recorded, whoever changed them.
  Status verify() const;
  // Drops all records and rows.
  Status start_afresh(const Digest& plan);

 private:
  Journal(const Path& folder, FileOps& ops) : folder_(folder), ops_(&ops) {}
  Status recover(std::string_view journal, std::string& notice);
  void forget(std::uint64_t mini_batch);
  void compress();
  Status write(int fd, std::string_view bytes, std::uint64_t offset, const char* name);
  Status truncate(int fd, std::uint64_t size, const char* name);
  Status broken(Error error);

  Path folder_;
  FileOps* ops_;
  Fd rows_, journal_;
  std::uint32_t seed_ = 0;
  std::uint64_t rows_end_ = 0, journal_end_ = 0;
  std::vector<FinishedBatch> finished_;
  std::vector<Extent> extents_;
  std::unordered_map<std::uint64_t, std::size_t> ids_;  // where each stands in finished_ and extents_
  bool dirty_ = false, named_ = false, from_another_boot_ = false;  // named_: the files' names survive a power cut
  std::optional<Error> broken_;
};

}  // namespace mlpipe
