#include "json_value.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace storm {
namespace {

constexpr int kIndent = 1;
constexpr double kExactIntegers = 9.0e15;  // below 2^53

std::string new_line(int indent) {
  std::string out(static_cast<std::size_t>(indent) + 1, ' ');
  out.front() = '\n';
  return out;
}

/// A JSON string. Written here since the benchmark does not link the library.
std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned>(c));
      out += escape;
    } else {
      out += c;
    }
  }
  return out + "\"";
}

}  // namespace

Json::Json(bool value) : scalar_(value ? "true" : "false") {}
Json::Json(std::string value) : scalar_(quoted(value)) {}

Json Json::number(double value) {
  Json out(Kind::scalar);
  char text[40];
  const bool integer = value == std::floor(value) && std::abs(value) < kExactIntegers;
  std::snprintf(text, sizeof text, integer ? "%.0f" : "%.5g", value);
  out.scalar_ = std::isfinite(value) ? text : "null";
  return out;
}

Json& Json::set(std::string key, Json value) {
  members_.emplace_back(std::move(key), std::move(value));
  return *this;
}

Json& Json::add(Json value) {
  return set({}, std::move(value));
}

bool Json::flat() const {
  return std::all_of(members_.begin(), members_.end(),
                     [](const auto& member) { return member.second.members_.empty(); });
}

std::string Json::text(int indent) const {
  if (kind_ == Kind::scalar) return scalar_;
  const bool lines = !flat();
  const std::string pad = lines ? new_line(indent + kIndent) : std::string();
  std::string out(1, kind_ == Kind::object ? '{' : '[');
  for (std::size_t i = 0; i < members_.size(); ++i) {
    if (i > 0) out += lines ? "," : ", ";
    out += pad;
    if (kind_ == Kind::object) out += quoted(members_[i].first) + ": ";
    out += members_[i].second.text(indent + kIndent);
  }
  if (lines) out += new_line(indent);
  return out + (kind_ == Kind::object ? '}' : ']');
}

}  // namespace storm
