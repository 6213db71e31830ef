// The words of Azure for kinds of data and of values.
#pragma once

#include <optional>

#include "spec/reading/map_reader.h"

namespace mlpipe::spec::v2 {

struct InputType {
  std::optional<DataType> data;          // nothing of both: custom_model, which is a file or a folder
  std::optional<ParameterType> literal;
  bool model = false;  // the asset is a model, not data
};

// `type` of an input, of an output; nothing: it is not said, or wrong, which is reported.
std::optional<InputType> read_input_type(const MapReader& map);
std::optional<DataType> read_output_type(const MapReader& map);
// `mode` of either; a wrong one is reported. `type`: what the same map says that the input is.
void read_input_mode(const MapReader& map, const std::optional<InputType>& type);
std::string read_output_mode(const MapReader& map);

// A value as Azure hands it over: what is not quoted as Python writes it (True, 0.1 for 0.10). Nothing: it is of another type.
std::optional<std::string> literal_text(const Scalar& scalar, std::optional<ParameterType> type);

}  // namespace mlpipe::spec::v2
