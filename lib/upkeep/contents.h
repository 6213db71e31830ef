// What a store holds, piece by piece, and what names what. For those who look after it: gc, statistics, exports.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "store/run_record.h"
#include "store/store.h"

namespace mlpipe {

enum class Kind { result, object, text, code, unfinished, run, copy, download, model, note, index, leftover, other };
std::string_view name_of(Kind kind);  // "results"
inline constexpr Kind all_kinds[] = {Kind::result, Kind::object, Kind::text,  Kind::code,     Kind::unfinished,
                                     Kind::run,    Kind::copy,   Kind::download, Kind::model, Kind::note,  Kind::index,    Kind::leftover,   Kind::other};

// One file or folder of the store that stays or goes as a whole.
struct Item {
  Kind kind = Kind::other;
  std::string name;        // its path below the store: "objects/1a2b..."
  std::uint64_t bytes = 0; // on disk
  WallTime used;           // last, as far as its time stamps tell
};

class Contents {
 public:
  explicit Contents(const Store& store) : store_(&store) {}

  // Reads the store. What cannot change (sizes of what is immutable, runs that ended) is remembered, so that doing it again is
  // quick. What vanishes meanwhile is left out. Error: a folder cannot be listed.
  Status refresh();

  const Store& store() const { return *store_; }
  const std::vector<Item>& items() const { return items_; }
  const std::map<Digest, StepResult>& results() const { return results_; }
  const std::vector<RunInfo>& runs() const { return runs_; }  // newest first

  // Names of items that an explanation of this fingerprint needs: its manifest, the listings of the trees in it, kept code.
  const std::set<std::string>& named_by(const Digest& fingerprint);
  // Of the object of an output, and the listing of its tree.
  std::vector<std::string> named_by(const StoredOutput& output) const;

 private:
  void add(Kind kind, const std::string& name);
  Status add_result(const std::string& name);
  Status add_all(Kind kind, const std::string& folder);
  Status read_runs();
  std::set<std::string> names_in(const Digest& fingerprint) const;

  const Store* store_;
  std::vector<Item> items_;
  std::map<Digest, StepResult> results_;
  std::vector<RunInfo> runs_;
  std::map<std::string, RunInfo> ended_;
  std::map<std::string, std::uint64_t> sizes_;
  std::map<Digest, std::set<std::string>> named_;
};

std::string name_of_result(const Digest& fingerprint);  // "results/1a2b..."
std::string name_of_text(const Digest& digest);

}  // namespace mlpipe
