// The items that could not be scored, each with its reason: failed_items.jsonl of the step's logs, one JSON object a line:
//   mini_batch, number (within it, from 0), item (path, or what names it), reason, kind; where they are known: signal,
//   peak_memory (bytes), tries, traceback, stderr (its last lines)
// Items that nobody tells apart, since run() returned too little or they belong together, share a line with `items`, how many.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "batch/record/journal.h"
#include "system/fd.h"
#include "system/files.h"

namespace mlpipe {

struct FailedItem {
  enum class Kind { exception, crash, timeout, out_of_memory, returned_too_little, reported };  // reported: by the worker itself

  std::optional<std::uint32_t> number;
  std::string item;
  std::uint32_t items = 1;
  Kind kind = Kind::exception;
  std::string reason, traceback, stderr_tail;
  int signal = 0;
  std::uint64_t peak_memory = 0;
  std::uint32_t tries = 0;
};

// Those of finished mini-batches outlive the run, as the journal does: one line a mini-batch in a file of the state folder. A
// line may stand there without its record, or twice: what the journal says, and the last line, hold.
class FailedItems {
 public:
  // What earlier runs noted about the mini-batches that the journal has. A damaged line is one that is not there.
  FailedItems(Path state, const std::vector<FinishedBatch>& finished);

  // Before its record: what failed of a finished mini-batch. A disk that is full loses reasons, not results.
  void keep(std::uint64_t mini_batch, std::vector<FailedItem> items);
  // Of one that is given up, and is tried again by a resume.
  void add(std::uint64_t mini_batch, std::vector<FailedItem> items);
  void sync();
  void forget_all();

  bool empty() const { return items_.empty(); }
  // All of them, by mini-batch, as failed_items.jsonl.
  std::string to_jsonl() const;

 private:
  Path file() const { return state_ / "failed_items"; }

  Path state_;
  Fd fd_;
  std::unordered_map<std::uint64_t, std::vector<std::string>> items_;  // the lines of each mini-batch
};

}  // namespace mlpipe
