#include "run/downloads.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>

#include "base/text.h"
#include "system/blake3.h"
#include "system/host.h"
#include "system/process.h"

namespace mlpipe {
namespace {

constexpr const char* python_fetch = "import sys, urllib.request; urllib.request.urlretrieve(sys.argv[1], sys.argv[2])";

// The last part of the address, without what stands behind ? and #.
std::string name_in(const std::string& url) {
  const std::string path = url.substr(0, url.find_first_of("?#"));
  const std::string name = path.substr(path.rfind('/') + 1);
  return name.empty() || name == "." || name == ".." ? "data" : name.substr(0, 200);
}

Result<std::vector<std::string>> fetch_words(const std::string& url, const Path& to) {
  const char* path = std::getenv("PATH");
  if (find_program("curl", path ? path : ""))
    return std::vector<std::string>{"curl", "--fail", "--silent", "--show-error", "--location", "--retry", "2", "--output", to.string(), url};
  if (find_program("python3", path ? path : "")) return std::vector<std::string>{"python3", "-c", python_fetch, url, to.string()};
  return Error{ErrorKind::step_failed, "there is neither curl nor python3 to fetch it with", "apt-get install curl"};
}

Error not_fetched(const std::string& url, const ExitStatus& status) {
  if (status.signal == SIGINT) return {ErrorKind::interrupted, fmt::format("stopped while {} was fetched", url)};
  return {ErrorKind::step_failed, fmt::format("{} could not be fetched: {}", url, describe(status)), "--input NAME=PATH takes a file of this machine instead"};
}

// Into a folder aside, which is put into its place when all is there.
Status fetch(const std::string& url, const Path& folder) {
  const Path aside = fmt::format("{}.tmp-{}-", folder.string(), process_mark());
  MLPIPE_TRY_VOID(make_dirs(aside));
  ProcessSpec spec;
  MLPIPE_TRY(spec.argv, fetch_words(url, aside / name_in(url)));
  spec.environment = environment_with({});
  spec.out = spec.err = STDERR_FILENO;
  MLPIPE_TRY(const ExitStatus status, run_in_foreground(spec));
  const bool by_others = path_exists(folder / name_in(url));
  if (!status.ok() || by_others) {
    (void)remove_tree(aside);
    return status.ok() ? Status() : not_fetched(url, status);
  }
  MLPIPE_TRY_VOID(remove_tree(folder));
  return rename_path(aside, folder);
}

}  // namespace

Status place_downloads(Pipeline& pipeline, const Store& store, Fetch when, EventSink* events) {
  for (PipelineInput& input : pipeline.inputs) {
    if (input.url.empty()) continue;
    const Path folder = store.downloads_path() / digest_of(input.url).hex().substr(0, 32);
    input.path = folder / name_in(input.url);
    if (path_exists(input.path)) {
      (void)::utimensat(AT_FDCWD, folder.c_str(), nullptr, 0);  // gc removes what nobody has used for long
      continue;
    }
    if (when == Fetch::never)
      return Error{ErrorKind::step_failed, fmt::format("input {} is not fetched yet: {}", input.name, input.url), "`mlpipe run --allow-download` fetches it"};
    if (events) events->on(Notice{"", fmt::format("fetching {}", input.url), ""});
    MLPIPE_TRY_VOID(fetch(input.url, folder));
  }
  return {};
}

}  // namespace mlpipe
