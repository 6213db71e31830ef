// The project's virtual environment, for tests that compare with Python; they say so and pass where it is missing.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

namespace mlpipe::test {

// A Python that can import the module; empty: there is none. Searched without importing it.
inline std::string python_with(const std::string& module, const std::string& preferred = "") {
  for (const std::string& python : {preferred, std::string(MLPIPE_SOURCE_DIR "/.venv/bin/python3")}) {
    if (python.empty() || !std::filesystem::exists(python)) continue;
    const std::string probe = "'" + python + "' -c \"import importlib.util as u, sys; sys.exit(u.find_spec('" + module + "') is None)\"";
    if (std::system((probe + " >/dev/null 2>&1").c_str()) == 0) return python;
  }
  return {};
}

inline bool run_python(const std::string& python, const std::string& script, const std::filesystem::path& argument) {
  return std::system(("'" + python + "' -B -W ignore '" + script + "' '" + argument.string() + "'").c_str()) == 0;
}

}  // namespace mlpipe::test
