#include "spec/spec.h"

#include <fmt/format.h>

#include <exception>
#include <set>

#include "base/text.h"
#include "spec/reading/context.h"
#include "spec/mltable/mltable.h"
#include "spec/native/native.h"
#include "spec/v1/v1.h"
#include "spec/v2/v2.h"

namespace mlpipe::spec {
namespace {

constexpr std::size_t most_drawn = 50;

void read_pipeline(Context& context, const Path& file) {
  context.pipeline.file = absolute_path(file);
  context.pipeline.directory = context.pipeline.file.parent_path();
  const Document* document = context.open_file(context.pipeline.file);
  if (!document) return;
  if (is_v2(*document->root.node)) read_v2(context, document->root);
  else if (is_v1(*document->root.node)) read_v1(context, document->root);
  else read_native(context, document->root);
}

// The MLTable that a parallel step splits, when it is there already; one that a step writes is read when it is.
std::optional<Path> mltable_to_split(const Pipeline& pipeline, const StepInput& input) {
  if (input.side || input.from != StepInput::From::pipeline_input) return std::nullopt;
  const PipelineInput* const source = pipeline.input(input.source);
  if (!source || input.type.value_or(source->type) != DataType::mltable || !source->url.empty()) return std::nullopt;
  const Path folder = input.below.empty() ? source->path : source->path / input.below;
  if (!is_folder(folder)) return std::nullopt;
  return folder;
}

std::vector<ReadMLTable> check_mltables(Context& context) {
  std::set<Path> folders;
  for (const Step& step : context.pipeline.steps)
    for (const StepInput& input : step.inputs)
      if (const auto folder = mltable_to_split(context.pipeline, input); folder && step.parallel() && !context.is_used(step.name)) folders.insert(*folder);
  std::vector<ReadMLTable> read;
  for (const Path& folder : folders) {
    read.push_back(read_mltable(folder));
    for (const Diagnostic& mistake : read.back().diagnostics.all())
      if (mistake.severity == Severity::error) context.error_at(mistake.where, mistake.message, mistake.hint);
  }
  return read;
}

Loaded loaded_from(Context& context) {
  const std::vector<ReadMLTable> mltables = check_mltables(context);
  Loaded loaded;
  loaded.diagnostics = std::move(context.diagnostics);
  loaded.diagnostics.sort();
  for (const auto& document : context.documents)
    if (!document->line_starts.empty()) loaded.sources.emplace(document->file, std::move(document->text));
  for (const ReadMLTable& table : mltables) loaded.sources.emplace(table.file, table.text);
  if (!loaded.diagnostics.has_errors()) loaded.pipeline = std::move(context.pipeline);
  return loaded;
}

}  // namespace

Loaded load(const Path& file, const Overrides& overrides) {
  Context context(overrides);
  try {
    read_pipeline(context, file);
  } catch (const std::exception& problem) {  // out of memory, or a path that the file system refuses
    context.diagnostics.error({file.string()}, fmt::format("cannot be read: {}", problem.what()));
  }
  return loaded_from(context);
}

std::string render_all(const Loaded& loaded, bool colour) {
  std::string text;
  std::size_t drawn = 0;
  for (const Diagnostic& diagnostic : loaded.diagnostics.all()) {
    if (drawn++ == most_drawn) break;
    const auto source = loaded.sources.find(diagnostic.where.file);
    text += render(diagnostic, source == loaded.sources.end() ? std::string_view() : source->second, colour);
  }
  if (loaded.diagnostics.all().size() > most_drawn) text += fmt::format("... and {} more\n", loaded.diagnostics.all().size() - most_drawn);
  return text;
}

}  // namespace mlpipe::spec
