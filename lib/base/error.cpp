#include "base/error.h"

namespace mlpipe {

int exit_code(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::step_failed: return 1;
    case ErrorKind::usage: return 2;
    case ErrorKind::spec: return 3;
    case ErrorKind::threshold: return 5;
    case ErrorKind::timeout: return 7;
    case ErrorKind::store: return 9;
    case ErrorKind::interrupted: return 130;
    case ErrorKind::terminated: return 143;
  }
  return 1;
}

}  // namespace mlpipe
