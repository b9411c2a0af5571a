#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace storm {

/// A JSON value for output: booleans, numbers, strings, lists, and objects that keep the order of their keys.
class Json {
 public:
  static Json object() { return Json(Kind::object); }
  static Json list() { return Json(Kind::list); }
  /// Text that is JSON already.
  static Json raw(std::string text) {
    Json out(Kind::scalar);
    out.scalar_ = std::move(text);
    return out;
  }
  Json(bool value);  // NOLINT(google-explicit-constructor): implicit, so that calls read like JSON
  Json(std::string value);
  Json(const char* value) : Json(std::string(value)) {}
  template <class T>
  requires std::integral<T> || std::floating_point<T> Json(T value)
      : Json(number(static_cast<double>(value))) {}

  Json& set(std::string key, Json value);
  Json& add(Json value);
  /// The value as indented JSON. An object or list without nested ones is on one line.
  std::string text(int indent = 0) const;

 private:
  enum class Kind { scalar, list, object };
  explicit Json(Kind kind) : kind_(kind) {}
  static Json number(double value);

  Kind kind_ = Kind::scalar;
  std::string scalar_;
  std::vector<std::pair<std::string, Json>> members_;

  bool flat() const;
};

}  // namespace storm
