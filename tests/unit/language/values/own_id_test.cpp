#include "language/values/own_id.hpp"

#include <gtest/gtest.h>

namespace sluice::language {
namespace {

TEST(OwnId, TheDocumentItselfInEveryForm) {
  for (const char* own : {"id()", "ID ( )", "NEW._id", "old._id", "OLD.\"_id\"", "coalesce(NEW._id, OLD._id)",
                          "COALESCE(OLD._id, id())", "'user-' || id()", "NEW._id || '/x'",
                          "'a' || id() || 'b'", "'a' || coalesce(NEW._id, OLD._id)", "text(id())",
                          "'a' || text(NEW._id)", "collection() || '/' || id()", "NEW._id -- its own"}) {
    EXPECT_TRUE(names_the_document(own)) << own;
  }
}

TEST(OwnId, WhatDifferentDocumentsCanShare) {
  for (const char* shared : {"",
                             "'all'",
                             "NEW.user",
                             "NEW._id.tenant",
                             "NEW",
                             "id",
                             "id() % 10",
                             "length(id())",
                             "lower(id())",
                             "NEW.user || id()",
                             "id() || id()",
                             "operation() || id()",
                             "coalesce(NEW.user, id())",
                             "coalesce()",
                             "collection()",
                             "collection || id()",
                             "text(NEW.user)",
                             "text()",
                             "coalesce(NEW._id, 'none')",
                             "OLD._id = NEW._id",
                             "'open",
                             "NEW._id ||",
                             "\"NEW\"._id",
                             "(NEW.a)"}) {
    EXPECT_FALSE(names_the_document(shared)) << shared;
  }
}

}  // namespace
}  // namespace sluice::language
