// Command nodes: a line for the shell, in a copy of `code`.
#include <fmt/format.h>

#include "base/text.h"
#include "spec/v2/binding.h"
#include "spec/v2/steps.h"
#include "spec/v2/text.h"

namespace mlpipe::spec::v2 {
namespace {

const std::vector<std::pair<std::string, Distribution::Kind>> distributions = {{"pytorch", Distribution::Kind::pytorch},
                                                                               {"tensorflow", Distribution::Kind::tensorflow},
                                                                               {"mpi", Distribution::Kind::mpi},
                                                                               {"ray", Distribution::Kind::ray}};

constexpr std::size_t most_processes = 1000;

void read_distribution(Reading& reading, const Job& job, const MapReader& node, Step& step) {
  step.distribution.instances = read_instance_count(reading, node, job).value_or(1);
  const Value* value = node.map("distribution");
  if (!value) return;
  const MapReader map(reading.context, *value, job.title(),
                      {"type", "process_count_per_instance", "worker_count", "parameter_server_count", "port", "address", "include_dashboard", "dashboard_port",
                       "head_node_additional_args", "worker_node_additional_args"},
                      values_of(reading, job), "distribution");
  if (!map.valid()) return;
  Distribution& distribution = step.distribution;
  if (const auto kind = map.choice("type", distributions)) distribution.kind = *kind;
  const auto count = [&](std::string_view key, double least, int otherwise) {
    return static_cast<int>(map.integer(key, {least, 1000}).value_or(otherwise));
  };
  distribution.processes_per_instance = count("process_count_per_instance", 1, 1);
  distribution.workers = count("worker_count", 0, 0);
  distribution.parameter_servers = count("parameter_server_count", 0, 0);
  if (distribution.processes() > most_processes)
    reading.context.error(value->where, fmt::format("`distribution` of {} makes {} processes, and one machine is given at most {}", job.title(), distribution.processes(),
                                                    most_processes), "lower `process_count_per_instance`, `worker_count` or `resources.instance_count`");
}

void read_limits(Reading& reading, const Job& job, const MapReader& node, Step& step) {
  const Value* value = node.map("limits");
  if (!value) return;
  const MapReader map(reading.context, *value, job.title(), {"timeout"}, values_of(reading, job), "limits");
  if (!map.valid()) return;
  if (const auto timeout = map.number("timeout", {0, 1e9, true})) step.timeout = Seconds(*timeout);
}

}  // namespace

void read_command(Reading& reading, const Job& job, Step& step) {
  const MapReader map = node_reader(reading, job);
  read_code(reading, map, step);
  read_environment_of(reading, map, step);
  read_distribution(reading, job, map, step);
  read_limits(reading, job, map, step);
  const Entry* command = map.given("command");
  if (!command)
    return reading.context.error(job.where, fmt::format("{} has nothing to run", job.title()), "give it a `command`, or a `component`");
  if (command->value.node->kind != Node::Kind::scalar) return map.wrong_type("command", "text", command->value);
  if (trim(command->value.node->text).empty())
    return reading.context.error(command->value.where, fmt::format("`command` of {} is empty", job.title()), "write what it runs");
  warn_unless_text(reading.context, command, fmt::format("`command` of {}", job.title()));
  if (auto text = read_text(reading, job, step, scalar_of(command->value), fmt::format("`command` of {}", job.title())))
    step.action = Command{std::move(*text), true};
}

}  // namespace mlpipe::spec::v2
