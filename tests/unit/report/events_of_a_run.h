// Events as lib/run emits them, for the sinks to be tested with.
#pragma once

#include <string>

#include "run/events.h"

namespace mlpipe::test {

inline RunStarted run_started(std::vector<std::string> steps) {
  RunStarted started;
  started.header.id = "20261123-001530-123";
  started.header.pipeline = "digits";
  started.header.spec = "/home/me/digits/pipeline.yaml";
  started.steps = std::move(steps);
  started.jobs = 2;
  return started;
}

inline StepEnded ended(const std::string& step, StepState state, double seconds = 1.24) {
  StepEnded event;
  event.record.step = step;
  event.record.state = state;
  event.record.took = Seconds(seconds);
  return event;
}

inline RunEnded run_ended(std::vector<StepState> states, double seconds = 0.043) {
  RunEnded event;
  for (const StepState state : states) event.info.steps.push_back(ended("s", state).record);
  event.info.took = Seconds(seconds);
  return event;
}

}  // namespace mlpipe::test
