#pragma once

#include <string>
#include <utility>
#include <vector>

#include "workbench/mongo.hpp"

/// Documents that MongoDB stores although they look odd, and others made to hurt. The driver's helpers refuse
/// some of them, and Extended JSON cannot say all.
namespace sluice::test {

/// A document whose field `v` is the value. Names of fields may be anything: dotted, empty, with a $.
workbench::Document value(const std::string& json);

/// A document whose field `v` nests, so that the document has so many levels in all. Every second level is an
/// array.
workbench::Document deep_value(int levels);

/// A document whose field `v` is a text of so many bytes.
workbench::Document large_value(std::size_t bytes);

/// One of each type, names with $, dots and nothing in them, texts that are not UTF-8.
std::vector<workbench::Document> odd_values();

/// A document of these fields, in this order; of each second part the field `v` is the value.
workbench::Document with_fields(const std::vector<std::pair<std::string, workbench::Document>>& fields);

/// Inserts by a bare command. False where the server refuses.
bool try_insert(workbench::Mongo& db, const std::string& collection, const workbench::Document& document);

/// Replaces the document with this _id (a document whose field `v` it is) by exactly this one, or makes it.
bool try_put(workbench::Mongo& db, const std::string& collection, const workbench::Document& id,
             const workbench::Document& document);

/// Removes the document with this _id (a document whose field `v` it is). False where there is none.
bool try_remove(workbench::Mongo& db, const std::string& collection, const workbench::Document& id);

/// All documents by _id (type and bytes), each as its bytes.
std::vector<std::pair<std::string, std::string>> contents(workbench::Mongo& db,
                                                          const std::string& collection);

}  // namespace sluice::test
