#include <gtest/gtest.h>

#include "unit/config/load_support.hpp"

namespace sluice::config {
namespace {

struct BadFile {
  const char* name;
  std::string yaml;
  const char* message;
};

class BadConfigFiles : public testing::TestWithParam<BadFile> {};

TEST_P(BadConfigFiles, AreRefusedWithTheirPlace) {
  EXPECT_EQ(refusal_of(GetParam().yaml), GetParam().message);
}

const std::string kHead = "pipeline: p\nmongodb: {database: d}\n";

INSTANTIATE_TEST_SUITE_P(
    Load, BadConfigFiles,
    testing::Values(
        BadFile{"no_pipeline", "mongodb: {database: d}\n" + kRule, "w.yaml:1:1: 'pipeline' is missing here"},
        BadFile{"bad_pipeline", "pipeline: a/b\nmongodb: {database: d}\n" + kRule,
                "w.yaml:1:1: a name may contain only letters, digits, '.', '_' and '-'"},
        BadFile{"unknown_section", "pipeline: p\nmongdb: {database: d}\n" + kRule,
                "w.yaml:2:1: unknown key 'mongdb'; did you mean 'mongodb'?"},
        BadFile{"key_of_a_section", kHead + kRule + "log:\nformat: json\n",
                "w.yaml:4:1: 'log' must be a map (key: value), but is empty\n"
                "w.yaml:5:1: unknown key 'format'; it belongs in 'log' (is this line indented too little?)"},
        BadFile{"database_of_the_server", "pipeline: p\nmongodb: {database: local}\n" + kRule,
                "w.yaml:2:11: 'mongodb.database' must be a database name ('local' is reserved for the server "
                "and has no change streams), not 'local'"},
        BadFile{"enabled_is_no_answer", kHead + "rules: [{name: r, enabled: no, count: {from: a}}]\n",
                "w.yaml:3:28: 'enabled' must be true or false, not 'no'"},
        BadFile{"unknown_key", kHead + kRule + "engine: {lane: 3}\n",
                "w.yaml:4:10: unknown key 'lane'; did you mean 'lanes'?"},
        BadFile{"misspelt_database", "pipeline: p\nmongodb: {databse: d}\n" + kRule,
                "w.yaml:2:11: unknown key 'databse'; did you mean 'database'?"},
        BadFile{"no_database", "pipeline: p\n" + kRule,
                "w.yaml:1:1: no database is set; set 'mongodb.database', --database or SLUICE_DATABASE"},
        BadFile{"section_is_text", kHead + kRule + "engine: fast\n",
                "w.yaml:4:9: 'engine' must be a map (key: value), but is a text"},
        BadFile{"value_is_list", kHead + kRule + "engine: {lanes: [4]}\n",
                "w.yaml:4:17: 'lanes' must be a text or a number, but is a list"},
        BadFile{"bad_database", "pipeline: p\nmongodb: {database: a b}\n" + kRule,
                "w.yaml:2:11: 'mongodb.database' must be a database name (a database name must not "
                "contain / \\ . \" $ * < > : | ? or a space), not 'a b'"},
        BadFile{"no_rules", kHead, "w.yaml:1:1: 'rules' is missing here"},
        BadFile{"rules_are_a_map", kHead + "rules: {a: b}\n",
                "w.yaml:3:8: 'rules' must be a list of maps (each starts with '- '), but is a map"},
        BadFile{"rule_without_name", kHead + "rules:\n  - count: {a: b}\n",
                "w.yaml:4:5: 'name' is missing here"},
        BadFile{"rule_without_kind", kHead + "rules:\n  - name: r\n",
                "w.yaml:4:5: rule 'r' has no kind; add one, such as 'embed:', next to its name"},
        BadFile{"rule_with_two_kinds", kHead + "rules:\n  - name: r\n    count: {a: b}\n    into: c\n",
                "w.yaml:6:5: rule 'r' has two kinds, 'count' and 'into'; a rule has only one kind (is this "
                "key indented too little?)"},
        BadFile{"rule_kind_without_body", kHead + "rules:\n  - name: r\n    count:\n",
                "w.yaml:5:5: 'count' must be a map (key: value), but is empty"},
        BadFile{"rule_twice", kHead + "rules:\n  - {name: r, count: {a: b}}\n  - {name: r, count: {a: b}}\n",
                "w.yaml:5:6: two rules have the name 'r'"},
        BadFile{"bad_rule_name", kHead + "rules: [{name: 'a b', count: {a: b}}]\n",
                "w.yaml:3:10: a name may contain only letters, digits, '.', '_' and '-'"},
        BadFile{"empty_rule_name", kHead + "rules: [{name: '', count: {a: b}}]\n",
                "w.yaml:3:10: a name must not be empty"},
        BadFile{
            "streams_and_rules", "pipeline: p\nstreams: [{database: d, rules: []}]\n" + kRule,
            "w.yaml:3:1: 'rules' cannot be combined with 'streams'; move it into each entry of 'streams'"},
        BadFile{
            "streams_and_mongodb",
            "pipeline: p\nstreams: [{database: d, rules: []}]\nmongodb: {database: d}\n",
            "w.yaml:3:1: 'mongodb' cannot be combined with 'streams'; move it into each entry of 'streams'"},
        BadFile{"no_streams", "pipeline: p\nstreams: []\n",
                "w.yaml:2:1: 'streams' is empty; add at least one stream"},
        BadFile{"stream_without_database",
                "pipeline: p\nstreams:\n  - {" + kRule.substr(0, kRule.size() - 1) + "}\n",
                "w.yaml:3:5: no database is set; set 'database', --database or SLUICE_DATABASE"},
        BadFile{"stream_twice",
                "pipeline: p\nstreams:\n  - {database: d, rules: [{name: r, count: {}}]}\n  - {database: d, "
                "rules: "
                "[{name: r, count: {}}]}\n",
                "w.yaml:4:5: two streams have the name 'd'; give each its own 'name'"},
        BadFile{"stream_unknown_key", "pipeline: p\nstreams:\n  - {databse: d, rules: []}\n",
                "w.yaml:3:6: unknown key 'databse'; did you mean 'database'?"},
        BadFile{"bad_stream_name", "pipeline: p\nstreams:\n  - {name: a/b, database: d, rules: []}\n",
                "w.yaml:3:6: invalid stream name 'a/b': a name may contain only letters, digits, "
                "'.', '_' and '-'"}),
    [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace sluice::config
