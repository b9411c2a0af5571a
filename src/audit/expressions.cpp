#include "audit/expressions.hpp"

#include <string>

namespace sluice::audit {

namespace {

std::string dollar(std::string_view path) {
  return "$" + std::string(path);
}

void append_type_equals(bson::Builder& out, std::string_view key, const std::string& of, const char* type) {
  out.open(key).open_array("$eq");
  out.open(out.item()).append("$type", of).close().append(out.item(), type);
  out.close().close();
}

}  // namespace

void append_path(bson::Builder& out, std::string_view key, std::string_view path) {
  auto dot = path.find('.');
  if (dot == std::string_view::npos) {
    out.append(key, dollar(path));
    return;
  }
  out.open(key).open_array("$cond");
  out.open(out.item()).open_array("$and");
  for (; dot != std::string_view::npos; dot = path.find('.', dot + 1)) {
    append_type_equals(out, out.item(), dollar(path.substr(0, dot)), "object");
  }
  out.close().close();
  out.append(out.item(), dollar(path)).append(out.item(), "$$REMOVE");
  out.close().close();
}

void append_values(bson::Builder& out, std::string_view key, std::string_view path) {
  out.open(key).open("$let").open("vars");
  append_path(out, "field", path);
  out.close().open("in").open("$switch").open_array("branches");
  out.open(out.item()).open("case").append("$isArray", "$$field").close();
  out.open("then").open_array("$setUnion").append(out.item(), "$$field").close().close().close();
  out.open(out.item());
  append_type_equals(out, "case", "$$field", "missing");
  out.open_array("then").close().close();
  out.close().open_array("default").append("0", "$$field").close();
  out.close().close().close().close();
}

}  // namespace sluice::audit
