#include "sinks/aws/xml.hpp"

#include <gtest/gtest.h>

namespace sluice::sinks::aws {
namespace {

TEST(AwsXml, ElementsTextAndEntities) {
  const auto root = parse_xml(
      "<?xml version=\"1.0\"?>\n<!-- x --><a xmlns='u' b = \"/>\">\n <c>1 &lt;&amp;&#228;&#x1F600;</c>\n "
      "<d/><!-- y -->"
      "<e></e ></a>\n");
  ASSERT_TRUE(root);
  EXPECT_EQ(root->name, "a");
  EXPECT_EQ(root->text, "");
  ASSERT_EQ(root->children.size(), 3U);
  EXPECT_EQ(root->text_of("c"), "1 <&\xC3\xA4\xF0\x9F\x98\x80");
  EXPECT_NE(root->child("d"), nullptr);
  EXPECT_EQ(root->child("f"), nullptr);
  EXPECT_EQ(root->text_of("f"), "");
}

TEST(AwsXml, AnythingElseIsRefused) {
  for (const char* wrong : {"",
                            "a",
                            "<",
                            "<>",
                            "<a",
                            "<a>",
                            "</a>",
                            "<a></b>",
                            "<a></aa>",
                            "<a/><b/>",
                            "<a/>x",
                            "<a>x<b/></a>",
                            "<a>&x;</a>",
                            "<a>&#xD800;</a>",
                            "<a>&#x110000;</a>",
                            "<a>&#;</a>",
                            "<a>&amp</a>",
                            "<a b></a>",
                            "<a b=c></a>",
                            "<a b='c></a>",
                            "<!DOCTYPE a><a/>",
                            "<a><![CDATA[x]]></a>",
                            "<?xml",
                            "<!-- <a/>",
                            "<a><!-- </a>"}) {
    EXPECT_FALSE(parse_xml(wrong)) << wrong;
  }
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "<a>";
  EXPECT_FALSE(parse_xml(deep));
}

/// Whatever is cut off or changed, the reader ends and reads within the text.
TEST(AwsXml, DamagedAnswersAreReadWithoutHarm) {
  const std::string whole =
      "<PublishBatchResponse "
      "xmlns=\"u\"><PublishBatchResult><Failed><member><Id>0</Id><Code>A&amp;B</Code></member>"
      "</Failed></PublishBatchResult></PublishBatchResponse>";
  for (std::size_t i = 0; i < whole.size(); ++i) {
    EXPECT_FALSE(parse_xml(std::string_view(whole).substr(0, i))) << i;
    for (const char c : {'<', '>', '&', ';', '/', '"', '\0'}) {
      std::string changed = whole;
      changed[i] = c;
      static_cast<void>(parse_xml(changed));
    }
  }
}

}  // namespace
}  // namespace sluice::sinks::aws
