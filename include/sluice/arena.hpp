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

/// Memory for values that a rule makes: it lives as long as the batch of events it was made from, so effects
/// may point into it. Single-threaded: used on the stream's strand.
class Arena {
 public:
  std::span<std::uint8_t> bytes(std::size_t size) {
    auto* data = static_cast<std::uint8_t*>(memory_.allocate(size, 1));
    used_ += size;
    return {data, size};
  }

  std::span<const std::uint8_t> keep(std::span<const std::uint8_t> source) {
    auto copy = bytes(source.size());
    std::copy(source.begin(), source.end(), copy.begin());
    return copy;
  }

  std::string_view keep(std::string_view text) {
    const auto kept = keep(std::span(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
    return {reinterpret_cast<const char*>(kept.data()), kept.size()};
  }

  /// A value of a type that needs no destructor.
  template <typename T>
  const T* keep(const T& value) {
    static_assert(std::is_trivially_destructible_v<T>);
    used_ += sizeof(T);
    return std::construct_at(static_cast<T*>(memory_.allocate(sizeof(T), alignof(T))), value);
  }

  std::size_t used() const { return used_; }

 private:
  std::pmr::monotonic_buffer_resource memory_;
  std::size_t used_ = 0;
};

}  // namespace sluice
