// Text of users inside HTML and XML.
#pragma once

#include <string>
#include <string_view>

namespace mlpipe {

// As text or in an attribute in double quotes. What is not UTF-8, or no character of XML 1.0, becomes U+FFFD; tabs and line ends stay.
std::string xml_escaped(std::string_view text);

}  // namespace mlpipe
