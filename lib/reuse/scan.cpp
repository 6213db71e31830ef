#include "reuse/scan.h"

#include <memory>

#include "reuse/root_scan.h"
#include "system/work_queue.h"

namespace mlpipe {

std::vector<Result<Tree>> scan_trees(const std::vector<ScanRequest>& requests, int threads) {
  std::vector<std::unique_ptr<RootScan>> scans;
  for (const ScanRequest& request : requests) scans.push_back(std::make_unique<RootScan>(request));
  WorkQueue queue(threads);
  for (auto& scan : scans) queue.add([&scan] { scan->load(); });
  queue.run();
  for (auto& scan : scans) scan->add_checks(queue);
  queue.run();
  for (auto& scan : scans) scan->add_reading(queue);
  queue.run();
  std::vector<Result<Tree>> trees(requests.size(), Tree());
  for (std::size_t i = 0; i < scans.size(); ++i)
    queue.add([&, i] {
      trees[i] = scans[i]->finish();
      scans[i].reset();
    });
  queue.run();
  return trees;
}

Digest filter_digest(const ScanOptions& options) { return ScanFilter(options).digest(); }

Result<Tree> scan_tree(const Path& root, const ScanOptions& options) { return std::move(scan_trees({{root, options}}, options.threads).front()); }

}  // namespace mlpipe
