// The page's own files, in the program: cmake/embed.cmake writes them at build time.
#pragma once

#include <string_view>

namespace mlpipe::html {

extern const std::string_view template_html, style_css, report_js;

}  // namespace mlpipe::html
