#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <memory_resource>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

#include "sluice/bson.hpp"

namespace sluice {

/// Memory for what a rule makes of an event, such as the values of a Put. It lives as long as the event's
/// effects, so they may point into it; nothing is freed before. What it holds counts towards `--queue-mb`.
/// Not thread-safe: used by the rule during Rule::apply().
class Arena {
 public:
  /// Uninitialised memory.
  std::span<std::uint8_t> bytes(std::size_t size) {
    auto* data = static_cast<std::uint8_t*>(memory_.allocate(size, 1));
    used_ += size;
    return {data, size};
  }

  /// A copy of these bytes.
  std::span<const std::uint8_t> keep(std::span<const std::uint8_t> source) {
    auto copy = bytes(source.size());
    std::copy(source.begin(), source.end(), copy.begin());
    return copy;
  }

  /// A copy of this text, without a zero behind it.
  std::string_view keep(std::string_view text) {
    const auto kept = keep(std::span(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
    return {reinterpret_cast<const char*>(kept.data()), kept.size()};
  }

  /// A copy of this document; absent for an absent one.
  bson::View keep_document(bson::View document) {
    if (!document) return {};
    const auto kept = keep(std::span(document.data(), document.size()));
    return {kept.data(), kept.size()};
  }

  /// A copy of this value.
  bson::Value keep_value(const bson::Value& value) { return {value.type(), keep(value.raw())}; }

  /// A copy of an object of a type that needs no destructor.
  template <typename T>
  const T* keep(const T& value) {
    static_assert(std::is_trivially_destructible_v<T>);
    used_ += sizeof(T);
    return std::construct_at(static_cast<T*>(memory_.allocate(sizeof(T), alignof(T))), value);
  }

  std::size_t used() const { return used_; }  ///< bytes given out

 private:
  std::pmr::monotonic_buffer_resource memory_;
  std::size_t used_ = 0;
};

}  // namespace sluice
