// For a step in the foreground, where no loop runs: an endpoint of Application Insights on a thread of its own, which shows the records
// on stderr. Without it a script that runs in a run would end here with "instrumentation key cannot be none".
#pragma once

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
  Fd over_;  // an eventfd: what is written to it ends the loop
  std::thread thread_;
};

}  // namespace mlpipe
