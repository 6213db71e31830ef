#include "run/foreground_insights.h"

#include <unistd.h>

#include "run/step_telemetry.h"
#include "system/files.h"
#include "system/quiet_thread.h"

namespace mlpipe {
namespace {

constexpr auto look_every = std::chrono::milliseconds(20);

void show(const std::vector<insights::Record>& records) {
  std::string lines;
  for (const insights::Record& record : records) lines += line_of(record, Clock::real().wall());
  (void)write_all(STDERR_FILENO, lines, "standard error");
}

}  // namespace

std::unique_ptr<ForegroundInsights> ForegroundInsights::open() {
  std::unique_ptr<ForegroundInsights> made(new ForegroundInsights);
  auto endpoint = insights::Endpoint::open(made->loop_);
  if (!endpoint) return nullptr;
  made->endpoint_ = endpoint.take();
  made->token_ = insights_token();
  made->endpoint_->serve(made->token_, [](const std::string&, const std::vector<insights::Record>& records) { show(records); });
  made->thread_ = start_quiet_thread([all = made.get()] {
    while (!all->over_) all->loop_.turn(look_every);
  });
  return made;
}

ForegroundInsights::~ForegroundInsights() {
  over_ = true;
  if (thread_.joinable()) thread_.join();
}

std::vector<std::string> ForegroundInsights::variables(const std::vector<std::string>& environment) const {
  return insights_variables(endpoint_->address(token_, "-"), environment);
}

}  // namespace mlpipe
