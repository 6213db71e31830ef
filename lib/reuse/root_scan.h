// One root on its way from the disk to a tree. Its phases, in this order, each worked off by several threads before the next begins:
//   check     what the index knows is held against stat data
//   read      folders that changed are listed, files that are new or changed are digested
//   finish    the tree; the new index
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "reuse/listing.h"
#include "reuse/scan.h"
#include "reuse/trusted_times.h"
#include "system/work_queue.h"

namespace mlpipe {

class RootScan {
 public:
  explicit RootScan(const ScanRequest& request);
  ~RootScan();

  void load();                        // the index; any thread
  void add_checks(WorkQueue& queue);
  void add_reading(WorkQueue& queue);
  Result<Tree> finish();              // any thread

 private:
  struct Folder;
  struct LargeFile;
  using Flags = std::vector<std::atomic<bool>>;
  struct Batch {  // files of one folder to be read: some of its items
    std::shared_ptr<const Fd> folder;  // none: the root is the file
    std::shared_ptr<const std::vector<std::size_t>> items;
    std::size_t at, end;
  };

  void check(std::size_t folder, std::uint64_t first, std::uint64_t count);
  bool same_folder(const RootIndex::Folder& known, int fd);
  bool same_item(const RootIndex::Item& known, int fd, std::uint64_t device);
  bool unchanged() const;

  Status begin_reading(WorkQueue& queue);
  void visit(Folder& folder, WorkQueue& queue);
  Status read_folder(Folder& folder, WorkQueue& queue);
  Status take_listing(Folder& folder, int fd, std::vector<std::size_t>& unknown);
  void take_known(Folder& folder, const RootIndex::Folder& known, std::vector<std::size_t>& unknown);
  void take_item(Folder& folder, std::string name, std::optional<std::size_t> known, std::vector<std::size_t>& unknown);
  Status check_depth(const Folder& folder) const;
  void read_files(Folder& folder, Batch batch, WorkQueue& queue);
  Result<bool> read_file(Folder& folder, std::size_t item, const Batch& batch, WorkQueue& queue);
  Status read_at_once(int file, const Path& path, StatKey before, std::size_t item, Folder& folder);
  bool settles(const StatKey& key, const Folder& folder, int file);
  void share(Fd file, Path path, const StatKey& before, std::size_t item, Folder& folder, WorkQueue& queue);
  void finish_large(LargeFile& large);
  Path path_of(const Folder& folder, std::size_t item) const;

  void fail(const Path& path, const Error& error);
  void write(const Folder& folder, RootIndexWriter& writer) const;
  bool settles(const Folder& folder) const;

  const ScanRequest& request_;
  ScanFilter filter_;
  Digest options_;                    // of the filter
  Path key_;                          // of the index
  std::int64_t now_ns_ = 0;           // before anything was looked at
  std::shared_ptr<RootIndex> known_;
  Flags folder_changed_, item_changed_;
  std::atomic<bool> changed_ = true;
  TrustedTimes trusted_;
  std::unique_ptr<Folder> top_;
  std::mutex failing_;
  std::atomic<bool> failed_ = false;
  Path failed_at_;
  std::optional<Error> error_;        // of the first path in order among those that failed
};

}  // namespace mlpipe
