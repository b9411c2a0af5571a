#pragma once

#include <gtest/gtest.h>

#include <string>

#include "bson/raii.hpp"
#include "language/compiled.hpp"
#include "language/error.hpp"

namespace sluice::language {

/// The JSON of what was compiled, which has to be readable too.
inline std::string json(const Compiled& compiled) {
  const std::string whole = "{\"v\":" + compiled.json + "}";
  bson::Document parsed;
  bson_error_t error{};
  if (!bson_init_from_json(parsed.out(), whole.data(), static_cast<ssize_t>(whole.size()), &error)) {
    bson_init(parsed.get());
    ADD_FAILURE() << whole << ": " << error.message;
  }
  return compiled.json;
}

/// What an attempt says, or "compiled".
template <class Attempt>
std::string error_of(Attempt attempt) {
  try {
    attempt();
  } catch (const LanguageError& error) {
    return error.what();
  }
  return "compiled";
}

}  // namespace sluice::language
