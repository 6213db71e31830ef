// A content digest: 32 bytes of BLAKE3 (computed in system/blake3.h). One digest for everything.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace mlpipe {

struct Digest {
  std::array<std::uint8_t, 32> bytes{};

  std::string hex() const;                     // 64 lower-case digits
  std::string short_hex() const { return hex().substr(0, 12); }  // for people
  static std::optional<Digest> parse(std::string_view hex);

  friend auto operator<=>(const Digest&, const Digest&) = default;
};

}  // namespace mlpipe

template <>
struct std::hash<mlpipe::Digest> {
  std::size_t operator()(const mlpipe::Digest& d) const noexcept {
    std::size_t value;
    std::memcpy(&value, d.bytes.data(), sizeof value);
    return value;
  }
};
