#include <algorithm>
#include <array>

#include "language/parser/trigger_parser.hpp"

namespace sluice::language {

namespace {

constexpr std::array methods{"GET", "POST", "PUT", "PATCH", "DELETE"};

}  // namespace

Action TriggerParser::action() {
  if (cursor_.accept_word("INSERT")) return insert();
  if (cursor_.accept_word("UPSERT")) return upsert();
  if (cursor_.accept_word("UPDATE")) return update();
  if (cursor_.accept_word("DELETE")) return remove();
  if (cursor_.accept_word("CALL")) return call();
  if (cursor_.accept_word("DROP")) return drop_keys();
  if (cursor_.accept_word("PUBLISH")) {
    cursor_.expect_word("TO");
    PublishAction publish{cursor_.expect_text("a subject"), {}};
    if (cursor_.accept_word("STREAM")) publish.stream = cursor_.expect_text("the name of a JetStream stream");
    return publish;
  }
  cursor_.fail_expecting("INSERT, UPSERT, UPDATE, DELETE, CALL, DROP KEY or PUBLISH TO");
}

Action TriggerParser::insert() {
  WriteAction write{"insert", {}, {}, {}};
  cursor_.expect_word("INTO");
  write.into = target();
  if (cursor_.accept_word("ID")) write.id = expression();
  written(write);
  return write;
}

Action TriggerParser::upsert() {
  WriteAction write{"upsert", {}, {}, {}};
  cursor_.expect_word("INTO");
  write.into = target();
  cursor_.expect_word("ID");
  write.id = expression();
  written(write);
  return write;
}

Action TriggerParser::update() {
  WriteAction write{"update", target(), {}, {}};
  cursor_.expect_word("SET");
  do {
    const std::size_t offset = cursor_.token().offset;
    std::string field = field_path();
    cursor_.expect_symbol("=");
    add(write.values, offset, std::move(field), expression());
  } while (cursor_.accept_symbol(","));
  write.id = where_id();
  return write;
}

Action TriggerParser::remove() {
  cursor_.expect_word("FROM");
  WriteAction write{"delete", target(), {}, {}};
  write.id = where_id();
  return write;
}

Action TriggerParser::call() {
  CallAction call{"POST", {}, {}, std::nullopt, {}};
  for (const char* method : methods) {
    if (!cursor_.accept_word(method)) continue;
    call.method = method;
    break;
  }
  if (cursor_.is(TokenKind::word))
    cursor_.fail_expecting("GET, POST, PUT, PATCH, DELETE or the address as a text in '..'");
  call.url = cursor_.expect_text("the address");
  while (cursor_.accept_word("HEADER")) {
    const std::size_t offset = cursor_.token().offset;
    std::string name = cursor_.expect_text("a header's name");
    const auto same = [&](const auto& header) { return same_word(header.first, name); };
    if (std::ranges::any_of(call.headers, same)) cursor_.fail(offset, "'" + name + "' appears twice");
    cursor_.expect_symbol("=");
    call.headers.emplace_back(std::move(name), cursor_.expect_text("the header"));
  }
  if (!cursor_.accept_word("BODY")) return call;
  if (cursor_.is_symbol("(")) {
    call.values = columns_and_values();
  } else {
    call.body = cursor_.expect_text("(field, ..) VALUES (value, ..), or a body");
  }
  return call;
}

Action TriggerParser::drop_keys() {
  cursor_.expect_word("KEY");
  DropKeysAction drop;
  do {
    drop.keys.push_back(cursor_.expect_text("a key"));
  } while (cursor_.accept_symbol(","));
  return drop;
}

std::string TriggerParser::target() {
  std::string name = cursor_.expect_name("a collection's name");
  while (cursor_.accept_symbol(".")) name += "." + cursor_.expect_name("a collection's name");
  return name;
}

std::string TriggerParser::where_id() {
  if (!cursor_.accept_word("WHERE")) cursor_.fail_expecting("WHERE ID = ..");
  if (!cursor_.accept_word("ID")) cursor_.fail_expecting("ID: documents are found by nothing else");
  cursor_.expect_symbol("=");
  return expression();
}

/// Parses `(field, ..) VALUES (value, ..)`, or `VALUES NEW` or `VALUES OLD` for the whole document.
void TriggerParser::written(WriteAction& write) {
  if (!cursor_.accept_word("VALUES")) {
    write.values = columns_and_values();
    return;
  }
  const std::size_t offset = cursor_.token().offset;
  write.document = expression();
  if (!same_word(write.document, "NEW") && !same_word(write.document, "OLD"))
    cursor_.fail(offset, "without fields before it, VALUES needs a whole document: NEW or OLD");
}

Assignments TriggerParser::columns_and_values() {
  std::vector<std::pair<std::string, std::size_t>> columns;
  cursor_.expect_symbol("(");
  do {
    const std::size_t offset = cursor_.token().offset;
    columns.emplace_back(field_path(), offset);
  } while (cursor_.accept_symbol(","));
  cursor_.expect_symbol(")");
  cursor_.expect_word("VALUES");
  cursor_.expect_symbol("(");
  Assignments values;
  for (const auto& [field, offset] : columns) {
    if (!values.empty() && !cursor_.accept_symbol(",")) {
      const bool too_few = cursor_.is_symbol(")");
      cursor_.fail_expecting(too_few ? "a value for each field ('" + field + "' has none)"
                                     : "an operator or ','");
    }
    add(values, offset, field, expression());
  }
  if (cursor_.is_symbol(",")) cursor_.fail_expecting("')': there are more values than fields");
  cursor_.expect_symbol(")");
  return values;
}

/// Adds a field. Refuses a field that is set already, or that lies inside another one.
void TriggerParser::add(Assignments& values, std::size_t offset, std::string field, std::string value) {
  for (const auto& [known, text] : values) {
    if (known == field) cursor_.fail(offset, "'" + field + "' is set twice");
    if ((known + ".").starts_with(field + ".") || (field + ".").starts_with(known + ".")) {
      cursor_.fail(offset, "'" + field + "' and '" + known + "' are both set, and one is inside the other");
    }
  }
  values.emplace_back(std::move(field), std::move(value));
}

}  // namespace sluice::language
