#include "run/step_telemetry.h"

#include <fmt/format.h>
#include <sys/random.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "system/process.h"

namespace mlpipe {
namespace {

constexpr const char* insights_variable = "APPLICATIONINSIGHTS_CONNECTION_STRING";
constexpr std::array<const char*, 4> senders{"opencensus-ext-azure", "azure-monitor-opentelemetry", "azure-monitor-opentelemetry-exporter", "applicationinsights"};
constexpr std::string_view nobody = "-";

// Dimensions are JSON, in which a secret may be written differently.
std::vector<StreamEditor::Replacement> with_escaped(std::vector<StreamEditor::Replacement> replacements) {
  for (std::size_t i = 0, count = replacements.size(); i < count; ++i)
    if (std::string escaped = insights::within_dimensions(replacements[i].first); escaped != replacements[i].first)
      replacements.emplace_back(std::move(escaped), insights::within_dimensions(replacements[i].second));
  return replacements;
}

// Clients would ask a proxy for this machine's own address.
std::vector<std::string> past_proxies(const std::vector<std::string>& environment) {
  std::vector<std::string> changes;
  for (const char* name : {"no_proxy", "NO_PROXY"}) {
    const std::string before = environment_value(environment, name).value_or("");
    changes.push_back(fmt::format("{}={}{}127.0.0.1", name, before, before.empty() ? "" : ","));
  }
  return changes;
}

bool has_proxy(const std::vector<std::string>& environment) {
  return std::ranges::any_of(std::array{"http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"}, [&](const char* name) { return environment_value(environment, name).has_value(); });
}

}  // namespace

std::string insights_token() {
  std::array<unsigned char, 16> bytes{};
  if (::getrandom(bytes.data(), bytes.size(), 0) < 0) return process_mark();
  std::string token;
  for (const unsigned char byte : bytes) token += fmt::format("{:02x}", byte);
  return token;
}

std::vector<std::string> insights_variables(const std::string& address, const std::vector<std::string>& environment) {
  std::vector<std::string> variables;
  if (has_proxy(environment)) variables = past_proxies(environment);
  variables.push_back(fmt::format("{}={}", insights_variable, insights::connection_string(address)));
  variables.push_back("APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL=true");  // how the package itself gets on, for its makers
  return variables;
}

insights::Endpoint* InsightsOfRun::endpoint() {
  if (!std::exchange(tried_, true))
    if (auto opened = insights::Endpoint::open(loop_)) endpoint_ = opened.take();
  return endpoint_.get();
}

bool lacks_insights(const Step& step, const StepDescription& description, const std::vector<std::string>& environment) {
  const auto set = [&](const char* name) {
    const bool by_workers = step.parallel() && step.parallel()->config.environment_variables.contains(name);
    return by_workers || environment_value(environment, name).has_value();
  };
  if (!description.python || set(insights_variable) || set("APPINSIGHTS_INSTRUMENTATIONKEY")) return false;
  return std::ranges::any_of(senders, [&](const char* name) { return description.python->installed.contains(name); });
}

StepTelemetry::StepTelemetry(const Step& step, std::vector<std::string> environment, const std::optional<TraceContext>& run, insights::Endpoint* insights,
                             Path logs, std::vector<StreamEditor::Replacement> replacements, const Clock& clock)
    : environment_(std::move(environment)),
      insights_(insights),
      token_(insights ? insights_token() : std::string()),
      logs_(std::move(logs)),
      replacements_(with_escaped(std::move(replacements))),
      clock_(clock) {
  // A step that names one has a trace of its own.
  if (run && !step.environment_variables.contains(traceparent_variable)) step_ = child_of(*run, step.name);
  if (insights_) insights_->serve(token_, [this](const std::string& process, const std::vector<insights::Record>& records) { take(process, records); });
}

StepTelemetry::~StepTelemetry() {
  if (insights_) insights_->forget(token_);
}

std::vector<std::string> StepTelemetry::variables(const std::string& process) {
  std::vector<std::string> variables;
  const auto known = processes_.insert(process.empty() ? std::string(nobody) : process).first;
  if (insights_) variables = insights_variables(insights_->address(token_, *known), environment_);
  if (step_) variables.push_back(fmt::format("{}={}", traceparent_variable, traceparent(process.empty() ? *step_ : child_of(*step_, process))));
  return variables;
}

Path StepTelemetry::log_of(const std::string& process) const {
  return process == nobody ? logs_ / "user_logs/app_insights.txt" : logs_ / "user/app_insights/local-0" / (process + ".log.txt");
}

void StepTelemetry::take(const std::string& process, const std::vector<insights::Record>& records) {
  if (!processes_.contains(process)) return;
  LogFile& file = files_.try_emplace(process, log_of(process)).first->second;
  std::string lines;
  for (const insights::Record& record : records) lines += line_of(record, clock_.wall());
  file.append(edited(std::move(lines), replacements_));
}

}  // namespace mlpipe
