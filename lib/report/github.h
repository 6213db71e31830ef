// What GitHub Actions shows beside a job's log: annotations at the lines of mistakes and failures, and a summary of the run. Its forms:
// docs.github.com, "Workflow commands for GitHub Actions".
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostic.h"
#include "run/events.h"

namespace mlpipe {

struct GitHubJob {
  Path workspace;  // the checkout: annotations name files relative to it; empty: not known
  Path summary;    // a Markdown file to append to; empty: there is none
};

// Of the environment: GITHUB_ACTIONS, GITHUB_WORKSPACE, GITHUB_STEP_SUMMARY. Nothing: this is no such job.
std::optional<GitHubJob> github_job();

// A line "::error file=...,line=...::message" for each mistake and warning.
std::string annotations(const GitHubJob& job, const std::vector<Diagnostic>& diagnostics);

// An annotation for each failed step, at the user's own innermost frame of its traceback, else where the spec has the step (`steps`); at the end
// the summary. `write` gets whole lines.
std::unique_ptr<EventSink> make_github(GitHubJob job, std::map<std::string, Location> steps, std::function<void(std::string_view lines)> write);

}  // namespace mlpipe
