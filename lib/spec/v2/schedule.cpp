#include "spec/v2/schedule.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "spec/reading/asset_name.h"
#include "spec/v2/binding.h"
#include "system/clock.h"

namespace mlpipe::spec::v2 {
namespace {

MapReader::Resolver as_written() {
  return [](const Scalar& scalar, std::string_view) { return std::optional(Scalar{scalar.text, false, scalar.where}); };
}

void check_trigger(Context& context, const MapReader& top) {
  const Value* value = top.map("trigger");
  if (!value) return context.azure_warning(top.where(), "the schedule has no `trigger`");
  const MapReader map(context, *value, "the schedule", {"type", "expression", "frequency", "interval", "schedule", "start_time", "end_time", "time_zone"},
                      as_written(), "trigger");
  if (!map.valid()) return;
  const std::vector<std::pair<std::string, bool>> types = {{"cron", true}, {"recurrence", false}};
  const auto is_cron = map.choice("type", types);
  if (!map.has("type")) context.error(map.where(), fmt::format("{} has no type", map.title()), "write `type: cron` or `type: recurrence`");
  const std::vector<std::pair<std::string, int>> frequencies = {{"minute", 0}, {"hour", 1}, {"day", 2}, {"week", 3}, {"month", 4}};
  if (is_cron == false) {
    map.choice("frequency", frequencies);
    map.integer("interval", {1, 1e6});
  }
  const auto expression = map.text("expression");
  if (is_cron != true) return;
  if (!expression) return context.error(map.where(), fmt::format("{} has no `expression`", map.title()), "write five fields, \"0 * * * *\" is every hour");
  std::size_t fields = 0;
  for (const std::string_view field : split(expression->text, ' ')) fields += field.empty() ? 0 : 1;
  if (fields != 5)
    context.error(expression->where, fmt::format("{} must have five fields, got {}", map.named("expression"), fields), "minute hour day month weekday");
}

// What stands for an expression in a schedule; another one is left to whoever reads the job.
std::string value_of(const std::string& expression, const std::string& name) {
  if (expression == "name") return name;
  if (expression == "creation_context.trigger_time") return format_utc(Clock::real().wall());
  return "${{" + expression + "}}";
}

// The value with the expressions of schedules resolved. Those that are left are looked for from the first of them on.
Value with_names(Context& context, const Value& value, const std::string& name) {
  Node& copy = context.documents.front()->add(value.node->kind);
  copy.is_text = value.node->is_text;
  copy.text = value.node->text;
  Place where = value.where;
  if (has_expression(copy.text)) {
    const auto pieces = split_expressions(context, scalar_of(value));
    std::string text;
    for (const Piece& piece : pieces.value_or(std::vector<Piece>{})) {
      const std::string put_in = piece.is_expression ? value_of(piece.text, name) : piece.text;
      if (piece.is_expression && has_expression(put_in) && !has_expression(text)) where = piece.where;
      text += put_in;
    }
    copy.text = text;
  }
  for (const Entry& entry : value.node->entries) copy.entries.push_back({entry.key, entry.key_where, with_names(context, entry.value, name)});
  for (const Value& item : value.node->items) copy.items.push_back(with_names(context, item, name));
  return {&copy, where};
}

// The job with the entries of `change` over its own; maps of maps are joined.
Value laid_over(Context& context, const Value& job, const Value& change, int depth) {
  Node& node = context.documents.front()->add(Node::Kind::map);
  node.entries = job.node->entries;
  for (const Entry& entry : change.node->entries) {
    if (depth == 0 && (entry.key == "job" || entry.key == "type")) continue;
    const auto own = std::find_if(node.entries.begin(), node.entries.end(), [&](const Entry& e) { return e.key == entry.key; });
    const bool both_maps = own != node.entries.end() && own->value.node->kind == Node::Kind::map && entry.value.node->kind == Node::Kind::map;
    if (own == node.entries.end()) node.entries.push_back(entry);
    else own->value = depth == 0 && both_maps ? laid_over(context, own->value, entry.value, 1) : entry.value;
  }
  return {&node, job.where};
}

std::optional<Value> open_job(Context& context, const Scalar& written) {
  if (is_asset_name(written.text)) {
    context.error(written.where, fmt::format("`{}` is a job of a workspace", written.text), "name the file of a pipeline job");
    return std::nullopt;
  }
  const Path file = context.path_beside(written.where, written.text.starts_with("file:") ? written.text.substr(5) : written.text);
  if (!context.has_file(file)) {
    context.error(written.where, fmt::format("the job `{}` of the schedule does not exist", written.text), fmt::format("looked for {}", shown_path(file)));
    return std::nullopt;
  }
  const Document* document = context.open_file(file);
  if (!document) return std::nullopt;
  if (document->root.node->kind == Node::Kind::map) return document->root;
  context.error(written.where, fmt::format("`{}` is no pipeline job", written.text));
  return std::nullopt;
}

}  // namespace

bool is_schedule(const Node& root) {
  const Entry* type = root.find("type");
  const Entry* schema = root.find("$schema");
  return (type && type->value.node->text == "schedule") || (schema && schema->value.node->text.find("schedule.schema") != std::string::npos) ||
         (root.find("create_job") && !root.find("jobs"));
}

std::optional<Value> job_of_schedule(Reading& reading, const Value& root) {
  Context& context = reading.context;
  const MapReader top(context, root, "the schedule", {"$schema", "type", "name", "display_name", "description", "tags", "properties", "trigger", "create_job"},
                      as_written());
  check_trigger(context, top);
  const Entry* create = top.given("create_job");
  if (!create) {
    context.error(root.where, "the schedule has no `create_job`", "write `create_job: FILE`, the pipeline job that it starts");
    return std::nullopt;
  }
  context.warning(create->key_where, "a schedule is not kept here: its job runs once, now");
  const auto name = top.text("name");
  const Value change = with_names(context, create->value, name ? name->text : "schedule");
  if (change.node->kind == Node::Kind::scalar) return open_job(context, scalar_of(change));
  if (change.node->kind != Node::Kind::map) {
    top.wrong_type("create_job", "a map or the path of a pipeline job", change);
    return std::nullopt;
  }
  const Entry* job = entry_of(change, "job");
  if (!job) return change;
  if (job->value.node->kind == Node::Kind::map) return laid_over(context, job->value, change, 0);
  const auto opened = open_job(context, scalar_of(job->value));
  if (!opened) return std::nullopt;
  return laid_over(context, *opened, change, 0);
}

}  // namespace mlpipe::spec::v2
