#include "config/yaml/syntax.hpp"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>

#include <optional>
#include <sstream>
#include <utility>

#include "config/yaml/indentation.hpp"

namespace sluice::config {
namespace {

/// Explains the common mistakes in plainer words than yaml-cpp.
YamlFault explained(const std::string& text, const YAML::Exception& error) {
  const Place place = place_of(error.mark);
  std::istringstream lines(text);
  std::string line;
  for (int number = 1; std::getline(lines, line) && number <= error.mark.line + 1; ++number) {
    const std::size_t first = line.find_first_not_of(' ');
    if (first == std::string::npos || line[first] != '\t') continue;
    return {place, fmt::format("line {} is indented with a tab; YAML allows only spaces", number)};
  }
  if (auto odd = odd_indentation(text, error.mark.line + 2)) return *std::move(odd);
  const bool open = error.msg.starts_with("end of ") && error.msg.ends_with(" not found");
  const bool star = error.msg.starts_with("alias not found");
  return {place, "this is not valid YAML: " + error.msg +
                     (open   ? " (is a quote or a bracket above not closed?)"
                      : star ? " (a text that begins with * needs quotes)"
                             : "")};
}

/// Finds the place where the value of a document starts.
class PlaceOfDocument final : public YAML::EventHandler {
 public:
  const YAML::Mark& mark() const { return mark_; }

  void OnDocumentStart(const YAML::Mark& mark) override {
    mark_ = mark;
    begun_ = false;
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override { note(mark); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { note(mark); }
  void OnScalar(const YAML::Mark& mark, const std::string&, YAML::anchor_t, const std::string&) override {
    note(mark);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    note(mark);
  }
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {
    note(mark);
  }
  void OnMapEnd() override {}

 private:
  void note(const YAML::Mark& mark) {
    if (!std::exchange(begun_, true)) mark_ = mark;
  }

  YAML::Mark mark_;
  bool begun_ = false;
};

}  // namespace

Place place_of(const YAML::Mark& mark) {
  if (mark.is_null()) return {};
  return {mark.line + 1, mark.column + 1};
}

[[noreturn]] void fail_at(const std::string& file, Place place, const std::string& message) {
  throw PlacedError({file, place.line, place.column, message});
}

/// Does not use YAML::LoadAll: for a text like ",a", yaml-cpp produces an endless series of empty documents
/// at the same place.
YAML::Node load_only_document(const std::string& text, const std::string& file) {
  try {
    YAML::Node only = YAML::Load(text);
    std::istringstream stream(text);
    YAML::Parser parser(stream);
    PlaceOfDocument first;
    PlaceOfDocument second;
    if (!parser.HandleNextDocument(first) || !parser.HandleNextDocument(second)) return only;
    if (second.mark().pos == first.mark().pos)
      fail_at(file, place_of(second.mark()), "this is not valid YAML");
    if (const auto odd = odd_indentation(text, second.mark().line + 2)) fail_at(file, odd->place, odd->text);
    fail_at(file, place_of(second.mark()),
            "a second document starts here; a file may contain only one (remove the '---')");
  } catch (const YAML::Exception& error) {
    const YamlFault what = explained(text, error);
    fail_at(file, what.place, what.text);
  }
}

}  // namespace sluice::config
