// How values go to Azure, so that commands and scripts get the same text there as here. Azure puts a value into a command line as it is
// written: quotes around it are for the exporter to write.
#pragma once

#include <string>
#include <string_view>

#include "pipeline/pipeline.h"

namespace mlpipe::azure {

// The type that an input with this value has in Azure's YAML: "string" wherever Azure would write the value in another way (true as True,
// 0.10 as 0.1).
std::string_view input_type(const Parameter& parameter);

// The value stays what it is between these quotes.
bool survives(std::string_view value, char quote);
// `expression`, which stands for `value`, as one word of a shell or a part of one. `around`: the quote that is open there; 0: none.
std::string in_quotes(std::string_view expression, std::string_view value, char around);

}  // namespace mlpipe::azure
