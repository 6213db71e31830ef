#include "spec/spec.h"

#include <fmt/format.h>

#include <exception>

#include "base/text.h"
#include "spec/reading/context.h"
#include "spec/mltable_checks.h"
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
