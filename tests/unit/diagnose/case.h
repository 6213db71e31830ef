// A step and what is known of it, and the check that each entry of the table has: it fires, and near to that it stays silent.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "diagnose/diagnose.h"
#include "diagnose/python_source.h"

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

  void fail(std::string error, std::string output = {}, int exit_code = 1) {
    facts.moment = Facts::Moment::failed;
    facts.kind = ErrorKind::step_failed;
    facts.error = std::move(error);
    facts.output = std::move(output);
    facts.exit_code = exit_code;
  }
  // Its process ended well.
  void miss(std::string error) {
    facts.error = std::move(error);
    facts.exit_code = 0;
  }
  void end() { facts.moment = Facts::Moment::ended; }
  // A script that it runs; in place of an earlier one of that name.
  void source(const std::string& path, std::string text) {
    std::erase_if(facts.sources, [&](const Facts::Source& known) { return known.path == path; });
    std::string code = python_code(text);
    facts.paths.push_back(path);
    facts.sources.push_back({path, std::move(text), std::move(code)});
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
using Moment = Facts::Moment;

// `given` makes it fire. Each near miss silences it by one change: another text or figure that real steps have, never none at all. At other
// moments than that of `given` and those in `also` it is silent too; that counts for nothing.
inline void proves(const std::string& id, const Step& step, const Change& given, const std::vector<Change>& near_misses, const std::vector<Moment>& also = {}) {
  CAPTURE(id);
  const auto says = [&](const Change& change) {
    Case c(step);
    given(c);
    change(c);
    return c.says(id);
  };
  CHECK(says([](Case&) {}));
  CHECK(near_misses.size() >= 3);
  for (std::size_t i = 0; i < near_misses.size(); ++i) {
    CAPTURE(i);
    CHECK_FALSE(says(near_misses[i]));
  }
  Case fires(step);
  given(fires);
  for (const Moment moment : {Moment::before, Moment::failed, Moment::ended}) {
    CAPTURE(static_cast<int>(moment));
    const bool speaks = moment == fires.facts.moment || std::ranges::find(also, moment) != also.end();
    CHECK(says([&](Case& c) { c.facts.moment = moment; }) == speaks);
  }
}

// What Python prints when this ends it.
inline std::string raised(const std::string& line) { return "Traceback (most recent call last):\n  File \"t.py\", line 1, in <module>\n    go()\n" + line + "\n"; }

// What a step printed, or how it looks, in place of what was given.
inline Change prints(std::string output) { return [output = std::move(output)](Case& c) { c.facts.output = output; }; }
inline Change raises(std::string traceback) { return [traceback = std::move(traceback)](Case& c) { c.facts.traceback = traceback; }; }
inline Change says_error(std::string error) { return [error = std::move(error)](Case& c) { c.facts.error = error; }; }
inline Change has_source(std::string path, std::string text) { return [path = std::move(path), text = std::move(text)](Case& c) { c.source(path, text); }; }

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
inline Template word(const std::string& text) {
  Template argument;
  argument.written = text;
  argument.parts.emplace_back(text);
  return argument;
}
inline Template path_of_output(const std::string& name) {
  Template argument;
  argument.parts.emplace_back(Reference{RefKind::output, name, "", {}});
  return argument;
}

}  // namespace mlpipe::test
