#include "source/stream_narrowing.hpp"

#include <algorithm>
#include <optional>
#include <set>

#include "source/expression.hpp"
#include "source/field_path.hpp"
#include "source/watched.hpp"

namespace sluice::source {

namespace {

using Names = std::vector<std::string>;

const std::string holder = "sluiceNarrowed";

/// All fields that an event may have. A $project that lists what it keeps must list all of them.
const Names parts_of_an_event{"operationType",
                              "clusterTime",
                              "wallTime",
                              "ns",
                              "to",
                              "documentKey",
                              "fullDocument",
                              "fullDocumentBeforeChange",
                              "updateDescription",
                              "lsid",
                              "txnNumber",
                              "collectionUUID",
                              "sluiceWants",
                              "sluiceMade",
                              "operationDescription"};

Names split(std::string_view path) {
  Names names;
  while (!path.empty()) {
    const auto dot = path.find('.');
    names.emplace_back(path.substr(0, dot));
    path = dot == std::string_view::npos ? std::string_view{} : path.substr(dot + 1);
  }
  return names;
}

/// Several rules may redact both a and a.b. The server accepts only the outer one.
Names outermost(const Names& paths) {
  Names all;
  for (const std::string& path : paths) {
    const auto held = [&](const std::string& other) { return other != path && within(path, other); };
    if (std::ranges::none_of(paths, held)) all.push_back(path);
  }
  return all;
}

/// The paths that lead to `path`: a and a.b for a.b.c.
Names holders_of(const std::string& path) {
  Names all;
  for (auto dot = path.find('.'); dot != std::string::npos; dot = path.find('.', dot + 1))
    all.push_back(path.substr(0, dot));
  return all;
}

/// The expression `in`, in which $$at is the list of the names in `path`, without the numbers of array
/// elements. Names are compared as bytes, since a name need not be UTF-8. A field name that is a number is
/// left out of the list as well, so more may be removed than was asked for, never less.
Expression with_names_of(const char* path, Expression in) {
  const Expression digits = call("$ltrim", object({{"input", "$$part"}, {"chars", "0123456789"}}));
  const Expression names = call("$filter", object({{"input", call("$split", Items{path, "."})},
                                                   {"as", "part"},
                                                   {"cond", call("$ne", Items{digits, ""})}}));
  return call("$let", object({{"vars", object({{"at", names}})}, {"in", std::move(in)}}));
}

/// Whether $$at is `path` or a path inside it.
Expression at_or_in(const std::string& path) {
  const Names names = split(path);
  return call("$eq", Items{call("$slice", Items{"$$at", static_cast<std::int32_t>(names.size())}),
                           literal(texts(names))});
}

Expression at_one_of(const Names& paths) {
  Items lists;
  for (const std::string& path : paths) lists.push_back(texts(split(path)));
  return call("$in", Items{"$$at", literal(array(std::move(lists)))});
}

Expression is_container(const char* value) {
  return call("$in", Items{call("$type", value), literal(texts({"object", "array"}))});
}

Expression mapped(Expression input, Expression in) {
  return call("$map", object({{"input", std::move(input)}, {"in", std::move(in)}}));
}

Expression filtered(Expression input, Expression condition) {
  return call("$filter", object({{"input", std::move(input)}, {"cond", std::move(condition)}}));
}

/// What is removed from the events of one collection, and the field of `holder` where that happens.
class Narrowing {
 public:
  Narrowing(const Subscription& what, std::size_t number)
      : here_(call("$and", Items{reads(what, "$ns.coll"), is_document_change()})),
        redacted_(outermost(what.redacted)),
        projected_(outermost(what.projected)),
        name_("c" + std::to_string(number)),
        place_(holder + "." + name_) {
    std::set<std::string> all;
    for (const Names* paths : {&redacted_, &projected_}) {
      for (const std::string& path : *paths) {
        for (const std::string& one : holders_of(path)) all.insert(one);
      }
    }
    holders_.assign(all.begin(), all.end());
  }

  const std::string& name() const { return name_; }

  /// The parts of the event to narrow: the documents, and the updated fields as a list of {k, v}. A field
  /// that contains a narrowed path (a, if a.b is redacted) has its value in a separate field instead of v
  /// (see slot()).
  Expression stash() const {
    return if_else(here_,
                   object({{"f", "$fullDocument"}, {"b", "$fullDocumentBeforeChange"}, {"u", updated()}}),
                   "$$REMOVE");
  }

  void add_kept(Names& paths) const {
    if (projected_.empty()) {
      paths.push_back(place_);
      return;
    }
    for (const char* document : {".f.", ".b."}) {
      paths.push_back(place_ + document + "_id");
      for (const std::string& path : projected_) {
        if (!within(path, "_id")) paths.push_back(place_ + document + path);
      }
    }
    paths.push_back(place_ + ".u.k");
    paths.push_back(place_ + ".u.v");
    for (std::size_t i = 0; i < holders_.size(); ++i) add_kept_of_holder(i, paths);
  }

  void add_redacted(Names& paths) const {
    for (const std::string& path : redacted_) {
      paths.push_back(place_ + ".f." + path);
      paths.push_back(place_ + ".b." + path);
      for (std::size_t i = 0; i < holders_.size(); ++i) {
        if (within(path, holders_[i]))
          paths.push_back(place_ + ".u." + slot(i) + path.substr(holders_[i].size()));
      }
    }
  }

  bool redacts() const { return !redacted_.empty(); }

  std::pair<Expression, Expression> document(const char* letter) const {
    const std::string narrowed = "$" + place_ + "." + letter;
    return {has_type(narrowed, "object"), narrowed};
  }

  std::pair<Expression, Expression> update() const {
    Items values{"$$this.v"};
    for (std::size_t i = 0; i < holders_.size(); ++i) values.emplace_back("$$this." + slot(i));
    values.emplace_back(
        literal(Expression([](bson::Builder& out, std::string_view key) { out.append_null(key); })));
    const std::string list = "$" + place_ + ".u";
    const Expression fields =
        mapped(list, object({{"k", "$$this.k"}, {"v", call("$ifNull", std::move(values))}}));
    const Expression paths = "$updateDescription.disambiguatedPaths";
    const Expression kept_paths = call(
        "$arrayToObject", filtered(call("$objectToArray", paths), with_names_of("$$this.k", is_shown())));
    return {has_type(list, "array"),
            object({{"updatedFields", call("$arrayToObject", fields)},
                    {"removedFields",
                     filtered("$updateDescription.removedFields", with_names_of("$$this", is_shown()))},
                    {"truncatedArrays", filtered("$updateDescription.truncatedArrays",
                                                 with_names_of("$$this.field", is_shown()))},
                    {"disambiguatedPaths", if_else(has_type(paths, "object"), kept_paths, "$$REMOVE")}})};
  }

  /// The document key without all but _id: a sharded collection's key may contain redacted fields.
  std::pair<Expression, Expression> key() const {
    return {has_type("$" + place_, "object"), object({{"_id", "$documentKey._id"}})};
  }

 private:
  static std::string slot(std::size_t holder) { return "p" + std::to_string(holder); }

  /// Whether rules may see the path $$at, or something inside it.
  Expression is_shown() const {
    Items all;
    for (const std::string& path : redacted_) all.push_back(call("$not", Items{at_or_in(path)}));
    if (!projected_.empty()) {
      Items any;
      Names leading;
      for (const std::string& path : projected_) {
        any.push_back(at_or_in(path));
        for (const std::string& one : holders_of(path)) leading.push_back(one);
      }
      if (!leading.empty()) any.push_back(at_one_of(leading));
      all.push_back(call("$or", std::move(any)));
    }
    return call("$and", std::move(all));
  }

  Expression updated() const {
    const Expression shown = filtered(call("$objectToArray", "$updateDescription.updatedFields"),
                                      with_names_of("$$this.k", is_shown()));
    if (holders_.empty()) return shown;
    const Expression held = call("$and", Items{at_one_of(holders_), is_container("$$this.v")});
    Members members{{"k", "$$this.k"}, {"v", if_else(held, "$$REMOVE", "$$this.v")}};
    for (std::size_t i = 0; i < holders_.size(); ++i) {
      const Expression here = call("$and", Items{at_one_of({holders_[i]}), is_container("$$this.v")});
      members.emplace_back(slot(i), if_else(here, "$$this.v", "$$REMOVE"));
    }
    return mapped(shown, with_names_of("$$this.k", object(std::move(members))));
  }

  void add_kept_of_holder(std::size_t i, Names& paths) const {
    const std::string& held_by = holders_[i];
    const std::string start = place_ + ".u." + slot(i);
    if (std::ranges::any_of(projected_, [&](const auto& path) { return within(held_by, path); })) {
      paths.push_back(start);
      return;
    }
    for (const std::string& path : projected_) {
      if (within(path, held_by)) paths.push_back(start + path.substr(held_by.size()));
    }
  }

  Expression here_;
  Names redacted_;
  Names projected_;
  std::string name_;
  std::string place_;
  Names holders_;  ///< the paths that lead to a narrowed path
};

Expression first_that_holds(const std::vector<std::pair<Expression, Expression>>& cases,
                            Expression otherwise) {
  Items branches;
  for (const auto& [condition, then] : cases)
    branches.push_back(object({{"case", condition}, {"then", then}}));
  return call("$switch", object({{"branches", array(std::move(branches))}, {"default", otherwise}}));
}

void append_move(bson::Builder& pipeline, const std::vector<Narrowing>& all) {
  Members places;
  for (const Narrowing& one : all) places.emplace_back(one.name(), one.stash());
  append_stage(pipeline, "$addFields", object({{holder, object(std::move(places))}}));
}

void append_projected(bson::Builder& pipeline, const std::vector<Narrowing>& all) {
  Names kept = parts_of_an_event;
  for (const Narrowing& one : all) one.add_kept(kept);
  Members paths;
  for (const std::string& path : kept) paths.emplace_back(path, 1);
  append_stage(pipeline, "$project", object(std::move(paths)));
}

void append_redacted(bson::Builder& pipeline, const std::vector<Narrowing>& all) {
  Names paths;
  for (const Narrowing& one : all) one.add_redacted(paths);
  if (!paths.empty()) append_stage(pipeline, "$unset", texts(paths));
}

void append_move_back(bson::Builder& pipeline, const std::vector<Narrowing>& all) {
  std::vector<std::pair<Expression, Expression>> after;
  std::vector<std::pair<Expression, Expression>> before;
  std::vector<std::pair<Expression, Expression>> updates;
  std::vector<std::pair<Expression, Expression>> keys;
  for (const Narrowing& one : all) {
    after.push_back(one.document("f"));
    before.push_back(one.document("b"));
    updates.push_back(one.update());
    if (one.redacts()) keys.push_back(one.key());
  }
  Members parts{{"fullDocument", first_that_holds(after, "$fullDocument")},
                {"fullDocumentBeforeChange", first_that_holds(before, "$fullDocumentBeforeChange")},
                {"updateDescription", first_that_holds(updates, "$updateDescription")},
                {holder, "$$REMOVE"}};
  if (!keys.empty()) parts.emplace_back("documentKey", first_that_holds(keys, "$documentKey"));
  append_stage(pipeline, "$addFields", object(std::move(parts)));
}

/// Whether an update is of a collection whose rules did not ask for the look-up; nothing if there is no such
/// collection.
std::optional<Expression> is_unasked(const StreamFilter& filter) {
  const ByName split = by_name(filter.subscriptions);
  Names collections;
  for (const Subscription& one : split.named) {
    if (one.updates && one.full_document == FullDocument::off) collections.push_back(one.collection);
  }
  if (split.sets.empty()) {
    if (collections.empty()) return std::nullopt;
    return call("$in", Items{"$ns.coll", literal(texts(collections))});
  }
  // A collection may be in several sets, only some of which asked.
  Items asked;
  for (const Subscription& one : filter.subscriptions) {
    if (one.full_document != FullDocument::off) asked.push_back(reads(one, "$ns.coll"));
  }
  return call("$not", Items{call("$or", std::move(asked))});
}

/// The stream requests the look-up for all collections. Removes the documents that it brought for collections
/// whose rules did not ask for it.
void append_looked_up(bson::Builder& pipeline, const StreamFilter& filter) {
  if (filter.full_document() == FullDocument::off) return;
  const auto unasked = is_unasked(filter);
  if (!unasked) return;
  const Expression without = call("$and", Items{call("$eq", Items{"$operationType", "update"}), *unasked});
  append_stage(pipeline, "$addFields",
               object({{"fullDocument", if_else(without, "$$REMOVE", "$fullDocument")}}));
}

}  // namespace

void append_narrowing(bson::Builder& pipeline, const StreamFilter& filter) {
  append_looked_up(pipeline, filter);
  std::vector<Narrowing> all;
  bool projects = false;
  for (const Subscription& one : filter.subscriptions) {
    if (one.redacted.empty() && one.projected.empty()) continue;
    all.emplace_back(one, all.size());
    projects |= !one.projected.empty();
  }
  if (all.empty()) return;
  append_move(pipeline, all);
  if (projects) append_projected(pipeline, all);
  append_redacted(pipeline, all);
  append_move_back(pipeline, all);
}

}  // namespace sluice::source
