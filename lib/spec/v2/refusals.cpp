#include "spec/v2/refusals.h"

#include <fmt/format.h>

#include <map>

#include "base/text.h"
#include "spec/reading/readers.h"

namespace mlpipe::spec::v2 {
namespace {

const std::map<std::string, std::string, std::less<>>& reasons() {
  static const std::map<std::string, std::string, std::less<>> all = {
      {"automl", "it is an AutoML job, which Azure's service makes and runs"},
      {"spark", "it is a Spark job, which wants a Spark cluster of Azure's"},
      {"sweep", "it is a sweep: trying hyperparameters is up to Azure's service"},
      {"import", "it imports data through Azure's service"},
      {"data_transfer", "it transfers data through Azure's service"},
      {"do_while", "loops (do_while) are a preview of Azure's service"},
      {"if_else", "branches (if_else) are a preview of Azure's service"},
      {"parallel_for", "loops (parallel_for) are a preview of Azure's service"},
      {"finetuning", "it is a fine-tuning job, which Azure's service runs"}};
  return all;
}

void refuse(Job& job, std::string reason, std::string remedy = {}) {
  if (!job.refusal.empty()) return;
  job.refusal = std::move(reason);
  job.remedy = std::move(remedy);
}

// An expression of the preview's YAML anywhere in the value.
bool has_old_expression(const Value& value) {
  for (const Value& item : value.node->items)
    if (has_old_expression(item)) return true;
  for (const Entry& entry : value.node->entries)
    if (has_old_expression(entry.value)) return true;
  const auto start = value.node->text.find("${{");
  return start != std::string::npos && trim(std::string_view(value.node->text).substr(start + 3)).starts_with("jobs.");
}

bool is_preview_yaml(const Job& job, const std::string& type) {
  const Entry* code = entry_of(job.own, "code");
  const Entry* inputs = entry_of(job.own, "inputs");
  return type == "component" || (code && code->value.node->kind == Node::Kind::map) || (inputs && has_old_expression(inputs->value));
}

void settle(Reading& reading, Job& job) {
  Context& context = reading.context;
  if (const auto settings = context.settings.find(job.step); settings != context.settings.end()) {
    job.own = overlay(context, job.own, settings->second);
    job.settings = overlay(context, job.settings, settings->second);
  }
  const bool used = context.is_used(job.step);
  if (!used && job.refusal.empty()) return;
  if (!used)
    context.error(job.where, fmt::format("{} cannot run here: {}", job.title(), job.refusal),
                  (job.remedy.empty() ? "" : job.remedy + "; ") + fmt::format("`--use {}=FOLDER` takes its outputs from a folder", job.step));
  job.kind = Job::Kind::stand_in;
  context.used_steps.insert(job.step);
}

}  // namespace

void refuse_by_type(Job& job, const std::string& type) {
  const auto found = reasons().find(type);
  if (found != reasons().end()) return refuse(job, found->second);
  if (is_preview_yaml(job, type))
    refuse(job, "it is written in the YAML that Azure had before v2 was released (code: {local_path}, type: component, ${{jobs...}})",
           "write `code: FOLDER`, `component: FILE` and ${{parent.jobs...}}");
}

void refuse_by_component(Job& job) {
  const std::string type = text_of(*job.component, "type");
  const auto found = reasons().find(type);
  if (found != reasons().end()) refuse(job, found->second);
  const bool is_flow = text_of(*job.component, "$schema").find("promptflow") != std::string::npos || entry_of(*job.component, "flow") ||
                       (entry_of(*job.component, "nodes") && !entry_of(*job.component, "jobs"));
  if (is_flow) refuse(job, "its component is a prompt flow, which asks language models through connections of Azure's");
}

void settle_nodes(Reading& reading, Body& body) {
  for (const auto& job : body.jobs) {
    if (job->body) settle_nodes(reading, *job->body);
    else settle(reading, *job);
  }
}

}  // namespace mlpipe::spec::v2
