#include "cli/azure_job.h"

#include <fmt/format.h>

#include "azure/pipeline_job.h"
#include "base/text.h"
#include "cli/streams.h"
#include "report/json.h"

namespace mlpipe::cli {
namespace {

constexpr const char* stage = ".mlpipe-export";  // is written to first: what is cut off leaves it behind, and is made again

// Clears away what an export that was cut off left; anything else stays, and is a mistake in usage.
Status prepare(const Path& folder) {
  if (path_exists(folder / stage))
    for (const char* ours : {"components", "data", "pipeline.yml", stage}) MLPIPE_TRY_VOID(remove_tree(folder / ours));
  const auto names = is_folder(folder) ? list_folder(folder) : Result<std::vector<std::string>>(std::vector<std::string>());
  if (names && names->empty() && (!path_exists(folder) || is_folder(folder))) return {};
  return Error{ErrorKind::usage, fmt::format("{} is there already, and is not an empty folder", shown_path(folder)), "--to DIR names another one"};
}

Status write_files(const azure::PipelineJob& job, const Path& folder) {
  for (const auto& [name, text] : job.files) {
    const Path file = folder / stage / name;
    MLPIPE_TRY_VOID(make_dirs(file.parent_path()));
    MLPIPE_TRY_VOID(write_file(file, text));
  }
  MLPIPE_TRY(const auto names, list_folder(folder / stage));
  for (const std::string& name : names) MLPIPE_TRY_VOID(rename_path(folder / stage / name, folder / name));
  return remove_tree(folder / stage);
}

std::string as_text(const azure::PipelineJob& job, const std::string& folder) {
  std::string text;
  for (const auto& [name, content] : job.files) text += fmt::format("{}/{}\n", folder, name.string());
  return text;
}

}  // namespace

void AzureJobArguments::declare(Options& options) {
  place.declare_positional(options);
  place.declare_file(options);
  changes.declare(options);
  options.value("--to", to, "DIR", "the new folder that the files go to (azure)");
  options.flag("--json", json, "the files and what is said of them as JSON on stdout");
}

Result<int> write_azure_job(const AzureJobArguments& arguments, std::optional<Dialect> dialect) {
  MLPIPE_TRY(const Path spec, arguments.place.spec());
  const std::string named = arguments.to.value_or("azure");
  const Path folder = absolute_path(named);
  MLPIPE_TRY_VOID(prepare(folder));
  MLPIPE_TRY(const Pipeline pipeline, load_pipeline(spec, arguments.changes.overrides()));
  if (dialect && pipeline.dialect != *dialect)
    return Error{ErrorKind::usage, fmt::format("{} is no pipeline of Azure ML v1", shown_path(spec)), "`mlpipe export azure` writes a native one as v2"};
  const azure::PipelineJob job = azure::to_pipeline_job(pipeline, folder, is_folder);
  MLPIPE_TRY_VOID(write_files(job, folder));
  MLPIPE_TRY_VOID(print(arguments.json ? to_json(job) + "\n" : as_text(job, named)));
  for (const azure::Note& note : job.notes) tell(note.step.empty() ? "note: " + note.message : fmt::format("{}  note: {}", note.step, note.message));
  if (!job.left_out.empty()) tell(fmt::format("left out: {}", join(job.left_out, ", ")));
  return 0;
}

}  // namespace mlpipe::cli
