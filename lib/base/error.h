// What can go wrong as a value: a closed list of kinds, each with a documented exit code.
#pragma once

#include <string>

namespace mlpipe {

// Bugs are assertions; everything a user, a script or a machine can cause is one of these.
enum class ErrorKind {
  usage,        // wrong words on the command line
  spec,         // an invalid or refused pipeline file
  step_failed,  // a step, or something it needs (an input, an interpreter), failed
  threshold,    // more failed items or mini-batches than the step allows
  timeout,      // a step or a mini-batch ran past its limit
  store,        // the store is damaged, full, unwritable or of a newer version
  interrupted,  // SIGINT
  terminated,   // SIGTERM
};

// The process exit code of an error kind: public interface, see docs/reference.md.
int exit_code(ErrorKind kind);

constexpr bool by_signal(ErrorKind kind) { return kind == ErrorKind::interrupted || kind == ErrorKind::terminated; }

struct Error {
  ErrorKind kind = ErrorKind::step_failed;
  std::string message;  // lower case, no full stop
  std::string hint;     // the remedy, or empty
};

}  // namespace mlpipe
