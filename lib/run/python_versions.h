// Versions of Python and its packages, and what pip asks of them.
#pragma once

#include <string>
#include <string_view>

namespace mlpipe {

// Whether a version satisfies a specifier of pip: ==, !=, <, <=, >, >=, ~=, with .* behind == and !=. What it does not know satisfies.
bool satisfies(std::string_view version, std::string_view specifier);

// "3.8" of "3.8.5".
std::string minor_of(std::string_view version);
// Whether some patch of a Python of this minor version may: 3.8 is none too little for ">=3.8.5".
bool minor_satisfies(std::string_view version, std::string_view range);

// Whether a marker of pip holds for a Python of this version: comparisons of python_version, sys_platform, platform_system and os_name with
// `and` and `or`; whatever else it says, it does.
bool marker_holds(std::string_view marker, const std::string& python_version);

}  // namespace mlpipe
