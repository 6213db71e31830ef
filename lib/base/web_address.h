// Addresses of the web as texts.
#pragma once

#include <string_view>

namespace mlpipe {

// "user:password@" of "https://user:password@host/a?b": a part of `url`, behind the scheme; empty: there is none.
std::string_view credentials_in(std::string_view url);

}  // namespace mlpipe
