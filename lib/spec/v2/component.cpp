#include "spec/v2/component.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "spec/reading/asset_name.h"
#include "spec/v2/refusals.h"

namespace mlpipe::spec::v2 {
namespace {

// The file that is meant; nothing: there is none, which is reported, or a refusal.
std::optional<Path> file_of(Context& context, Job& job, const Scalar& written) {
  if (is_asset_name(written.text)) {
    const auto asset = parse_asset_name(written.text);
    if (asset && !asset->name.empty())
      if (const auto file = Mapping::find(context.mapping.components, *asset)) return file;
    if (asset && !asset->registry.empty()) {
      job.refusal = fmt::format("its component `{}` lies in the registry `{}`", asset->name, asset->registry);
      job.remedy = fmt::format("`components: {{\"{}\": FILE}}` in {} names a local copy", asset->name, mapping_name);
    } else if (asset && !asset->name.empty()) {
      context.unmapped.push_back({"components", asset->name, job.title(), location(written.where)});
    } else {
      context.error(written.where, fmt::format("`{}` names no component", written.text), "azureml:NAME:VERSION, or the path of a file");
    }
    return std::nullopt;
  }
  const std::string path = written.text.starts_with("file:") ? written.text.substr(5) : written.text;
  if (path.find("://") != std::string::npos) {
    context.error(written.where, fmt::format("`{}` is not a file of this machine", written.text), "download it, and give its path");
    return std::nullopt;
  }
  return context.path_beside(written.where, path);
}

bool is_flow_folder(const Path& path) { return is_folder(path) && is_file(path / "flow.dag.yaml"); }

void open(Context& context, Job& job, const Scalar& written, const Path& file) {
  if (is_flow_folder(file)) {
    job.refusal = "its component is a prompt flow, which asks language models through connections of Azure's";
    return;
  }
  if (!context.has_file(file))
    return context.error(written.where, fmt::format("component `{}` of {} {}", written.text, job.title(), is_folder(file) ? "is a folder" : "does not exist"),
                         fmt::format("looked for {}; paths are relative to the file that they stand in", shown_path(file)));
  if (const Document* document = context.open_file(file)) job.component = document->root;
}

void check_map(Context& context, Job& job, const Scalar& written) {
  if (!job.component || job.component->node->kind == Node::Kind::map) return;
  context.error(job.component->where, fmt::format("`{}` is no component: it is {}", written.text, describe(*job.component)));
  job.component.reset();
}

}  // namespace

Path read_component(Reading& reading, Job& job, const std::vector<Path>& chain) {
  Context& context = reading.context;
  const Entry* entry = entry_of(job.own, "component");
  if (!entry) return {};
  const Scalar written = scalar_of(entry->value);
  Path file;
  if (entry->value.node->kind == Node::Kind::map) job.component = entry->value;
  else if (entry->value.node->kind == Node::Kind::sequence)
    context.error(entry->value.where, fmt::format("`component` of {} must be a path, got a list", job.title()));
  else if (const auto path = file_of(context, job, written)) {
    file = *path;
    const bool circle = std::find(chain.begin(), chain.end(), file) != chain.end();
    if (circle)
      context.error(written.where, fmt::format("component `{}` contains itself", written.text), "a component cannot be made of itself");
    else
      open(context, job, written, file);
  }
  check_map(context, job, written);
  job.open_outputs = !job.component;
  if (job.component) refuse_by_component(job);
  return file;
}

}  // namespace mlpipe::spec::v2
