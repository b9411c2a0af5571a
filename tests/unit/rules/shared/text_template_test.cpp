#include "rules/shared/text_template.hpp"

#include <gtest/gtest.h>

#include "sluice/bson_builder.hpp"
#include "sluice/event.hpp"

namespace sluice::rules {
namespace {

class TextTemplates : public testing::Test {
 protected:
  static TextTemplate make(const std::string& text,
                           TextTemplate::Escape escape = TextTemplate::Escape::subject) {
    return {Settings::parse("subject: \"" + text + "\""), "subject", "", {{"stream", "S"}}, escape};
  }
  std::string filled(const std::string& text, TextTemplate::Escape escape = TextTemplate::Escape::subject) {
    InlineText out;
    make(text, escape).append_to(out, event_);
    EXPECT_TRUE(out.fits());
    return std::string(out.view());
  }
  void id(const char* text) {
    id_.clear();
    event_.id = id_.append("_id", text).finish().at("_id");
  }
  TextTemplates() {
    event_.database = "shop";
    event_.collection = "orders.eu";
    event_.operation = Operation::update;
    event_.token_data = "82AB";
    document_.append("status", "new order").open("customer").append("country", "fr").close();
    document_.append("total", std::int64_t{12}).append_null("nothing").append("yes", true);
    event_.full_document = document_.finish();
    id("a.b");
  }

  bson::Builder id_;
  bson::Builder document_;
  ChangeEvent event_;
};

TEST_F(TextTemplates, NamesAreFilledInAndEscaped) {
  EXPECT_EQ(filled("{stream}.{db}.{coll}.{op}.{id}"), "S.shop.orders%2Eeu.update.a%2Eb");
  EXPECT_EQ(filled("x.{status}.{customer.country}.{total}.{yes}"), "x.new%20order.fr.12.true");
  EXPECT_EQ(filled("x.{token}"), "x.82AB");
}

TEST_F(TextTemplates, InALineOnlyControlCharactersAreEscaped) {
  EXPECT_EQ(filled("{coll}/{status}/{id}", TextTemplate::Escape::line), "orders.eu/new order/a.b");
  id("a\nb%");
  EXPECT_EQ(filled("{id}", TextTemplate::Escape::line), "a%0Ab%25");
  id("");
  EXPECT_EQ(filled("-{id}-", TextTemplate::Escape::line), "--");
}

TEST_F(TextTemplates, EveryCharacterThatHasToIsEscaped) {
  id("..ab..c.");
  EXPECT_EQ(filled("x.{id}"), "x.%2E%2Eab%2E%2Ec%2E");
  EXPECT_EQ(filled("{id}", TextTemplate::Escape::topic), "..ab..c.");
  id("//ä//b/");
  EXPECT_EQ(filled("{id}", TextTemplate::Escape::topic), "______b_");
  EXPECT_EQ(filled("{id}", TextTemplate::Escape::url), "%2F%2F%C3%A4%2F%2Fb%2F");
}

TEST_F(TextTemplates, EmptyMissingAndNullDiffer) {
  id("");
  EXPECT_EQ(filled("x.{id}.{nowhere}.{nothing}"), "x.%.%-.null");
}

TEST_F(TextTemplates, ADeletedDocumentsFieldsAreThoseItHad) {
  event_.before = event_.full_document;
  event_.full_document = {};
  event_.operation = Operation::remove;
  EXPECT_EQ(filled("x.{op}.{customer.country}"), "x.delete.fr");
}

TEST_F(TextTemplates, WhatStandsHasAnIdOfItsOwn) {
  event_.operation = Operation::snapshot;
  event_.snapshot_run = "r1";
  const std::string of_text = filled("{token}", TextTemplate::Escape::line);
  EXPECT_EQ(of_text.rfind("snapshot-r1-orders.eu-2-", 0), 0U) << of_text;
  id_.clear();
  event_.id = id_.append("_id", std::int64_t{7}).finish().at("_id");
  const std::string of_number = filled("{token}", TextTemplate::Escape::line);
  EXPECT_NE(of_text, of_number);
  event_.snapshot_run = "r2";
  EXPECT_NE(filled("{token}", TextTemplate::Escape::line), of_number);
  id(std::string(500, 'x').c_str());
  EXPECT_LT(filled("{token}", TextTemplate::Escape::line).size(), 100U);
}

TEST_F(TextTemplates, ATextThatGrowsTooLongIsNotCutInSilence) {
  id(std::string(3000, 'x').c_str());
  InlineText out;
  make("x.{id}").append_to(out, event_);
  EXPECT_FALSE(out.fits());
}

TEST_F(TextTemplates, TheFixedStartIsWhatAllTextsShare) {
  EXPECT_EQ(make("{stream}.all.{op}").fixed_start(), "S.all.");
  EXPECT_FALSE(make("{stream}.all.{op}").is_fixed());
  EXPECT_EQ(make("{op}").fixed_start(), "");
  EXPECT_FALSE(make("{op}").is_fixed());
  EXPECT_TRUE(make("{stream}.all").is_fixed());
}

TEST_F(TextTemplates, BracesThatCannotBeMeantAreRefused) {
  for (const char* text : {"a.{op", "a.{}", "a.{x..y}", "a.{$x}"})
    EXPECT_THROW(make(text), ConfigError) << text;
}

/// A value never makes more than one part of a subject, so every subject of a template fits its pattern.
TEST_F(TextTemplates, ThePatternHasAStarForEachPartWithANameInIt) {
  EXPECT_EQ(make("{stream}.{coll}.{op}.{id}").pattern(), "S.*.*.*");
  EXPECT_EQ(make("cs.a.b.{op}.{id}").pattern(), "cs.a.b.*.*");
  EXPECT_EQ(make("cs.all").pattern(), "cs.all");
  EXPECT_EQ(make("{stream}.x-{id}-y.{customer.country}.end").pattern(), "S.*.*.end");
}

}  // namespace
}  // namespace sluice::rules
