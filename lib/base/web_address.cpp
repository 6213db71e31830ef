#include "base/web_address.h"

namespace mlpipe {

std::string_view credentials_in(std::string_view url) {
  const auto scheme = url.find("://");
  const auto begin = scheme == std::string_view::npos ? 0 : scheme + 3;
  const auto at = url.substr(0, url.find_first_of("/?#", begin)).rfind('@');
  return url.substr(begin, at == std::string_view::npos || at < begin ? 0 : at + 1 - begin);
}

}  // namespace mlpipe
