// Where the processes of a step send what they tell of themselves: the span that theirs belong to (TRACEPARENT), when the run is traced;
// and, when they could send records to Application Insights and nobody says to which, an endpoint of ours. What that gets stands in
// the step's logs: user_logs/app_insights.txt, of a parallel step user/app_insights/local-0/processNNN.log.txt.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/stream_editor.h"
#include "base/trace_context.h"
#include "insights/endpoint.h"
#include "run/description.h"
#include "system/log_file.h"

namespace mlpipe {

// The endpoint of a run, opened for the first step that needs it.
class InsightsOfRun {
 public:
  explicit InsightsOfRun(EventLoop& loop) : loop_(loop) {}
  // A null pointer: there can be none. That is no reason for a step to fail.
  insights::Endpoint* endpoint();

 private:
  EventLoop& loop_;
  bool tried_ = false;
  std::unique_ptr<insights::Endpoint> endpoint_;
};

// Whether a step's Python has a package that sends there, and the environment (the whole of it) leads it nowhere.
bool lacks_insights(const Step& step, const StepDescription& description, const std::vector<std::string>& environment);

// Not to be guessed: others on this machine reach the endpoint's port, too.
std::string insights_token();
// What leads a process with this environment to an endpoint of ours: the connection string, past proxies that would be asked for it.
std::vector<std::string> insights_variables(const std::string& address, const std::vector<std::string>& environment);

class StepTelemetry {
 public:
  // `environment`: of the step, the whole of it. `insights`: outlives this; a null pointer: nothing is to be changed there.
  StepTelemetry(const Step& step, std::vector<std::string> environment, const std::optional<TraceContext>& run, insights::Endpoint* insights, Path logs,
                std::vector<StreamEditor::Replacement> replacements, const Clock& clock);
  ~StepTelemetry();
  StepTelemetry(const StepTelemetry&) = delete;

  // To be set for the process `process` ("process000"; empty: of a step that is no parallel one). From now on it may send records.
  std::vector<std::string> variables(const std::string& process);

 private:
  void take(const std::string& process, const std::vector<insights::Record>& records);
  Path log_of(const std::string& process) const;

  const std::vector<std::string> environment_;
  std::optional<TraceContext> step_;  // its span
  insights::Endpoint* const insights_;
  const std::string token_;
  const Path logs_;
  const std::vector<StreamEditor::Replacement> replacements_;
  const Clock& clock_;
  std::set<std::string> processes_;  // a script that knows the token may put any name into the address: each would be a file
  std::map<std::string, LogFile> files_;
};

}  // namespace mlpipe
