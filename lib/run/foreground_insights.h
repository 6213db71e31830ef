// For a step in the foreground, where no loop runs: an endpoint of Application Insights on a thread of its own, which shows the records
// on stderr. Without it a script that runs in a run would end here with "instrumentation key cannot be none".
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "insights/endpoint.h"

namespace mlpipe {

class ForegroundInsights {
 public:
  // A null pointer: there can be none.
  static std::unique_ptr<ForegroundInsights> open();
  ~ForegroundInsights();
  ForegroundInsights(const ForegroundInsights&) = delete;

  // To be set for the step.
  std::vector<std::string> variables(const std::vector<std::string>& environment) const;

 private:
  ForegroundInsights() = default;

  EventLoop loop_;
  std::unique_ptr<insights::Endpoint> endpoint_;
  std::string token_;
  std::atomic<bool> over_ = false;
  std::thread thread_;
};

}  // namespace mlpipe
