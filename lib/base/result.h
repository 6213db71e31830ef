// Result<T>: a value or an Error. Expected failures are values; exceptions do not cross folders.
#pragma once

#include <cassert>
#include <optional>
#include <utility>
#include <variant>

#include "base/error.h"

namespace mlpipe {

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : content_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : content_(std::in_place_index<1>, std::move(error)) {}

  explicit operator bool() const { return content_.index() == 0; }
  T& operator*() { return value(); }
  const T& operator*() const { return const_cast<Result*>(this)->value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &**this; }
  T take() { return std::move(value()); }

  const Error& error() const {
    assert(!*this);
    return *std::get_if<1>(&content_);
  }

 private:
  T& value() {
    assert(*this);
    return *std::get_if<0>(&content_);
  }

  std::variant<T, Error> content_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}

  explicit operator bool() const { return !error_; }
  const Error& error() const {
    assert(error_);
    return *error_;
  }

 private:
  std::optional<Error> error_;
};

using Status = Result<void>;

}  // namespace mlpipe

// Hands an error on to the caller: MLPIPE_TRY(auto text, read_file(path)); MLPIPE_TRY_VOID(sync(fd));
#define MLPIPE_JOIN_(a, b) a##b
#define MLPIPE_NAME_(a, b) MLPIPE_JOIN_(a, b)
#define MLPIPE_TRY(declaration, expression)                                   \
  auto MLPIPE_NAME_(tried_, __LINE__) = (expression);                         \
  if (!MLPIPE_NAME_(tried_, __LINE__)) return MLPIPE_NAME_(tried_, __LINE__).error(); \
  declaration = MLPIPE_NAME_(tried_, __LINE__).take()
#define MLPIPE_TRY_VOID(expression)                             \
  do {                                                          \
    if (auto tried_ = (expression); !tried_) return tried_.error(); \
  } while (false)
