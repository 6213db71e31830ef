#include "run/foreground_insights.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "run/step_telemetry.h"
#include "system/files.h"
#include "system/quiet_thread.h"

namespace mlpipe {
namespace {

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
  made->over_ = Fd(::eventfd(0, EFD_CLOEXEC));
  if (!made->over_) return nullptr;
  made->loop_.watch(made->over_.get(), EPOLLIN, [loop = &made->loop_](std::uint32_t) { loop->stop(); });
  made->thread_ = start_quiet_thread([loop = &made->loop_] { loop->run(); });
  return made;
}

ForegroundInsights::~ForegroundInsights() {
  if (!thread_.joinable()) return;
  (void)::eventfd_write(over_.get(), 1);
  thread_.join();
  loop_.forget(over_.get());
}

std::vector<std::string> ForegroundInsights::variables(const std::vector<std::string>& environment) const {
  return insights_variables(endpoint_->address(token_, "-"), environment);
}

}  // namespace mlpipe
