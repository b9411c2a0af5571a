#pragma once

#include <string>
#include <utility>
#include <vector>

#include "workbench/mongo.hpp"

/// Unusual documents that MongoDB stores, and documents made to cause errors. The driver's helpers refuse
/// some of them, and some have no Extended JSON.
namespace sluice::test {

/// A document whose field `v` is the value. Field names may be anything: dotted, empty, with a $.
workbench::Document value(const std::string& json);

/// A document with `levels` levels of nesting under its field `v`. Every second level is an array.
workbench::Document deep_value(int levels);

/// A document whose field `v` is a string of so many bytes.
workbench::Document large_value(std::size_t bytes);

/// Values of every type, field names that are empty or contain $ or dots, strings that are not UTF-8, and
/// deep nesting.
std::vector<workbench::Document> odd_values();

/// A document with these fields in this order. Each value is the field `v` of the pair's document.
workbench::Document with_fields(const std::vector<std::pair<std::string, workbench::Document>>& fields);

/// Inserts by a plain command, without the driver's checks. False if the server refuses.
bool try_insert(workbench::Mongo& db, const std::string& collection, const workbench::Document& document);

/// Replaces the document whose _id is the field `v` of `id` by exactly this one, or inserts it. False if the
/// server refuses.
bool try_put(workbench::Mongo& db, const std::string& collection, const workbench::Document& id,
             const workbench::Document& document);

/// Deletes the document whose _id is the field `v` of `id`. False if there is none.
bool try_remove(workbench::Mongo& db, const std::string& collection, const workbench::Document& id);

/// The bytes of all documents with their _ids (type and bytes), sorted by _id.
std::vector<std::pair<std::string, std::string>> contents(workbench::Mongo& db,
                                                          const std::string& collection);

}  // namespace sluice::test
