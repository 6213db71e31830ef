// What only shows in the cloud.
#include <fmt/format.h>

#include <set>

#include "base/text.h"
#include "diagnose/entries.h"
#include "diagnose/evidence.h"

namespace mlpipe::diagnosis {
namespace {

constexpr const char* make_compute_first = "create or attach the compute once, before the pipeline is submitted, and take that out of the script";

std::string without_blanks(std::string text) {
  std::erase_if(text, [](char c) { return c == ' ' || c == '\n'; });
  return text;
}

// The answer of Azure's services, in whatever layout.
bool is_refused_token(const std::string& words) {
  const std::string dense = without_blanks(words);
  const bool expired = has(dense, "InvalidOrExpiredToken") && has(dense, "Unauthorized");
  return expired || has(dense, "\"error\":{\"code\":\"AuthenticationFailed\"");
}

// Calls that only a user's own token may make.
std::optional<Found> manages_compute(const Facts& facts) {
  return find_call(facts, {"ComputeTarget.create", "ComputeTarget.attach", "AmlCompute.provisioning_configuration", "compute.begin_create_or_update", "compute.begin_attach"});
}

// The answer alone may be any service's, to a credential that has expired.
std::optional<Recognised> token(const Facts& facts) {
  const std::string words(trim(last_words(facts)));
  if (!is_refused_token(words) || !has("}])'\"", words.substr(words.size() - 1))) return std::nullopt;  // what follows an answer tells that the script went on
  const auto found = manages_compute(facts);
  if (!found) return std::nullopt;
  return Recognised{fmt::format("{}:{} manages compute of the workspace from inside the job ({}(...)), and the token that a job gets may not do that", found->file, found->line, found->what),
                    std::string(make_compute_first) + "; to log in again does not help"};
}

std::optional<Recognised> makes_compute(const Facts& facts) {
  if (!before(facts)) return std::nullopt;
  const auto found = manages_compute(facts);
  if (!found) return std::nullopt;
  return Recognised{fmt::format("{}:{} creates or attaches compute ({}(...)): inside a submitted job Azure answers that with an authentication error", found->file, found->line, found->what), make_compute_first};
}

// What Azure builds an image of; empty: nothing.
std::string image_of(const Step& step) {
  if (!step.environment) return {};
  const Environment& environment = *step.environment;
  if (environment.conda_file.empty() && environment.conda_text.empty() && environment.requirements.empty()) return {};
  return fmt::format("{}|{}|{}|{}", environment.image, environment.conda_file.string(), environment.conda_text, environment.requirements.string());
}

// Said once, of the first step that brings a second one.
std::optional<Recognised> many_images(const Facts& facts) {
  if (!before(facts)) return std::nullopt;
  std::set<std::string> images;
  const Step* second = nullptr;
  for (const Step& step : facts.pipeline.steps) {
    const std::string image = image_of(step);
    if (image.empty()) continue;
    images.insert(image);
    if (images.size() == 2 && !second) second = &step;
  }
  if (second != &facts.step || facts.pipeline.dialect == Dialect::native) return std::nullopt;
  return Recognised{fmt::format("the pipeline's steps have {} environments of their own: Azure builds an image for each, at its first use and whenever its file changes, and each node pulls it before the step starts", images.size()),
                    "one environment for all steps, registered or curated, is built once; packages that one step alone needs cost less in it than an image"};
}

}  // namespace

Entries cloud_entries() {
  return {
      {"token-refused", "A script inside a job manages the workspace",
       "A step's script asked Azure to create compute or the like and was refused. A submitted job has a token of its own, for data and metrics only. Recognised by Azure's answer in the output of a "
       "step whose scripts make such a call; without one the answer may as well come from storage, to a credential that has expired.",
       "`{\"code\":\"Unauthorized\",\"statusCode\":401,...,\"InvalidOrExpiredToken\"...}` or `{\"error\":{\"code\":\"AuthenticationFailed\",...}}`.",
       "create or attach compute before submitting. Logging in again, or another credential in the script, does not help.", token},
      {"makes-compute", "A script that creates compute", "Found before a run, in the code of the step's scripts (not in its comments and texts): `ComputeTarget.create`, `ComputeTarget.attach`, "
       "`AmlCompute.provisioning_configuration`, and `compute.begin_create_or_update` of v2.", "the same as above, minutes after the start of the step.", "move it out of the step.", makes_compute},
      {"image-builds", "Start-up is slow because of images",
       "mlpipe uses no images: a step starts in milliseconds. In Azure every environment that is declared by a conda file becomes an image. Found before a run, in Azure's dialects, where steps have different ones.",
       "`Preparing` or `Queued` for minutes; 20_image_build_log.txt.", "share one environment; use a curated one; keep the conda file from changing.", many_images},
  };
}

}  // namespace mlpipe::diagnosis
