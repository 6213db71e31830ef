// A step and what is known of it, and the check that each entry of the table has: it fires, and near to that it stays silent.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "diagnose/diagnose.h"

namespace mlpipe::test {

struct Case {
  Pipeline pipeline;
  Facts facts;

  explicit Case(Step step) : pipeline(with(std::move(step))), facts{pipeline, pipeline.steps[0]} {}
  static Pipeline with(Step step) {
    Pipeline pipeline;
    pipeline.steps.push_back(std::move(step));
    return pipeline;
  }
  Case(const Case&) = delete;

  Step& step() { return pipeline.steps[0]; }
  ParallelRunConfig& config() { return std::get<Parallel>(step().action).config; }

  void fail(std::string error, std::string output = {}) {
    facts.moment = Facts::Moment::failed;
    facts.kind = ErrorKind::step_failed;
    facts.error = std::move(error);
    facts.output = std::move(output);
  }
  void end() { facts.moment = Facts::Moment::ended; }
  void source(std::string path, std::string text) {
    facts.paths.push_back(path);
    facts.sources.push_back({std::move(path), std::move(text)});
  }
  bool says(const std::string& id) const {
    const auto findings = diagnose(facts);
    return std::ranges::any_of(findings, [&](const Finding& finding) { return finding.id == id; });
  }
  Finding only() const {
    const auto findings = diagnose(facts);
    REQUIRE(findings.size() == 1);
    return findings[0];
  }
};

using Change = std::function<void(Case&)>;

// `given` makes it fire; each of at least three changes of that silences it.
inline void proves(const std::string& id, const Step& step, const Change& given, const std::vector<Change>& silent) {
  CAPTURE(id);
  Case fires(step);
  given(fires);
  CHECK(fires.says(id));
  CHECK(silent.size() >= 3);
  for (std::size_t i = 0; i < silent.size(); ++i) {
    CAPTURE(i);
    Case quiet(step);
    given(quiet);
    silent[i](quiet);
    CHECK_FALSE(quiet.says(id));
  }
}

inline Step named(std::string name) {
  Step step;
  step.name = std::move(name);
  step.source_directory = step.source_place = "/project/src";
  return step;
}
inline Step command(const std::string& text) {
  Step step = named("make");
  Command action;
  action.text.written = text;
  action.text.parts.emplace_back(text);
  step.action = std::move(action);
  return step;
}
inline Step script(const std::string& file) {
  Step step = named("train");
  Script action;
  action.name.value = file;
  step.action = std::move(action);
  return step;
}
inline Step entry_script() {
  Step step = named("score");
  Parallel action;
  action.config.entry_script.value = "score.py";
  step.action = std::move(action);
  return step;
}
inline StepOutput output(std::string name, bool made = true) {
  StepOutput output;
  output.name = std::move(name);
  output.made = made;
  return output;
}

inline void nothing_failed(Case& c) { c.end(); }
inline void not_yet(Case& c) { c.facts.moment = Facts::Moment::before; }

}  // namespace mlpipe::test
