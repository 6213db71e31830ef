#include "spec/v2/data.h"

#include <fmt/format.h>

#include "base/text.h"
#include "spec/reading/asset_name.h"

namespace mlpipe::spec::v2 {
namespace {

class Placer {
 public:
  Placer(Reading& reading, const Job& job, PipelineInput& input, const Scalar& written, bool model)
      : context_(reading.context), job_(job), input_(input), written_(written), model_(model) {}

  void place() {
    const std::string& text = written_.text;
    const auto mapped = context_.mapping.data.find(text);
    if (trim(text).empty()) context_.error(written_.where, fmt::format("the path of input `{}` is empty", input_.name));
    else if (mapped != context_.mapping.data.end()) input_.path = mapped->second;
    else if (const std::string address = web_address(text); !address.empty()) place_on_web(address);
    else if (is_asset_name(text)) place_asset();
    else if (text.find("://") != std::string::npos && !text.starts_with("file://")) refuse_scheme();
    else input_.path = context_.path_beside(written_.where, without_scheme(text));
  }

 private:
  static std::string without_scheme(const std::string& text) {
    for (const std::string_view scheme : {"file://", "file:"})
      if (text.starts_with(scheme)) return text.substr(scheme.size());
    return text;
  }

  void refuse_scheme() {
    context_.error(written_.where, fmt::format("`{}` is not data of this machine", written_.text), take_local());
  }

  std::string take_local() const { return fmt::format("`--input {}=PATH` takes a local copy", input_.name); }

  void place_on_web(const std::string& address) {
    if (context_.overrides.allow_download) {
      input_.url = address;
      return;
    }
    context_.error(written_.where, fmt::format("input `{}` is on the web, and nothing is fetched without being asked to", input_.name),
                   fmt::format("--allow-download fetches it once; {}", take_local()));
  }

  void place_asset() {
    const auto asset = parse_asset_name(written_.text);
    if (!asset || asset->name.empty() || asset->kind == "components" || asset->kind == "environments")
      return context_.error(written_.where, fmt::format("`{}` names no data", written_.text),
                            "azureml:NAME:VERSION, azureml:NAME@latest, azureml://datastores/NAME/paths/PATH");
    if (asset->kind == "datastores") return place_in_datastore(*asset);
    for (const auto* places : {&context_.mapping.data, &context_.mapping.models})
      if (const auto found = Mapping::find(*places, *asset)) {
        input_.path = *found;
        return;
      }
    need(asset->kind == "models" || (asset->kind.empty() && model_) ? "models" : "data", asset->name);
  }

  void place_in_datastore(const AssetName& asset) {
    const auto folder = folder_of_datastore(context_, asset.name);
    if (!folder) return need("datastores", asset.name);
    const Path below = Path(asset.path).lexically_normal();
    if (below.is_absolute() || (!below.empty() && *below.begin() == ".."))
      return context_.error(written_.where, fmt::format("`{}` leaves the datastore", written_.text));
    input_.path = absolute_path(*folder / below);
  }

  void need(const std::string& kind, const std::string& name) {
    context_.unmapped.push_back({kind, name, job_.scope ? job_.title() : fmt::format("input `{}`", input_.name), location(written_.where)});
  }

  Context& context_;
  const Job& job_;
  PipelineInput& input_;
  const Scalar& written_;
  const bool model_;
};

DataType type_on_disk(const Path& path) { return is_file(path) ? DataType::file : DataType::folder; }

}  // namespace

Bound add_data(Reading& reading, const Job& job, const std::string& name, const Scalar& path, const InputType& type) {
  Context& context = reading.context;
  PipelineInput input;
  input.name = job.scope ? job.step + "." + name : name;
  const auto option = reading.data.find(input.name);
  input.overridden = option != reading.data.end();
  if (input.overridden) option->second.used = true;
  const Scalar& written = input.overridden ? option->second.value : path;
  input.written = written.text;
  input.where = location(written.where);
  if (input.overridden) input.path = absolute_path(written.text);
  else Placer(reading, job, input, written, type.model).place();
  const bool by_disk = !type.data || (input.overridden && type.data != DataType::mltable);
  input.type = by_disk ? type_on_disk(input.path) : *type.data;
  Bound bound{.kind = Bound::Kind::data};
  bound.source = input.name;
  bound.where = path.where;
  context.inputs.emplace(input.name, context.pipeline.inputs.size());
  context.input_names.push_back(input.name);
  context.pipeline.inputs.push_back(std::move(input));
  return bound;
}

}  // namespace mlpipe::spec::v2
