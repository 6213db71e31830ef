// The page of `mlpipe report`: one HTML file with everything in it, which asks the network for nothing.
#pragma once

#include <string>

#include "report/html/run_report.h"

namespace mlpipe::html {

// What the page's script draws from: one JSON object, which stands safely inside a <script> (no '<', no U+2028 or U+2029 as such).
std::string data_of(const RunReport& report);

std::string to_html(const RunReport& report);

}  // namespace mlpipe::html
