#include "cli/program.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <sstream>

#include "cli/arguments.hpp"
#include "cli/commands.hpp"

namespace sluice::cli {
namespace {

struct Outcome {
  int code;
  std::string out;
  std::string err;
};

Outcome run(const std::vector<std::string>& arguments) {
  std::ostringstream out;
  std::ostringstream err;
  const int code = program(arguments, out, err);
  return {code, out.str(), err.str()};
}

TEST(Program, PrintsHelpWhenNothingIsAsked) {
  for (const std::vector<std::string>& words : {std::vector<std::string>{}, {"--help"}, {"-h"}}) {
    const Outcome outcome = run(words);
    EXPECT_EQ(outcome.code, 0);
    EXPECT_NE(outcome.out.find("Usage:"), std::string::npos);
    EXPECT_NE(outcome.out.find("Example:"), std::string::npos);
    EXPECT_EQ(outcome.err, "");
  }
}

TEST(Program, PrintsItsVersionItsCommitItsCompilerAndItsLibraries) {
  const std::string out = run({"--version"}).out;
  EXPECT_EQ(out.rfind("sluice ", 0), 0u);
  for (const char* part : {"\ncommit ", "\ncompiler ", "\nlibraries: libmongoc 1.", "libnats ", "hiredis ",
                           "OpenSSL ", "Boost 1.", "spdlog 1."}) {
    EXPECT_NE(out.find(part), std::string::npos) << part << " in " << out;
  }
}

/// Every line of a list `  name  text` has its text in one column, behind two blanks at least.
void expect_columns(const std::string& help) {
  std::istringstream lines(help);
  std::size_t column = 0;
  for (std::string line; std::getline(lines, line);) {
    const bool entry =
        line.starts_with("  ") && line.size() > 2 && line[2] != ' ' && !line.starts_with("  sluice");
    if (!entry) {
      if (line.empty()) column = 0;
      continue;
    }
    const std::size_t gap = line.find("  ", 2);
    ASSERT_NE(gap, std::string::npos) << line;
    const std::size_t text = line.find_first_not_of(' ', gap);
    if (column != 0) {
      EXPECT_EQ(text, column) << line;
    }
    column = text;
  }
}

TEST(Program, HelpsInColumns) {
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"--help"}, {"run", "--help"}, {"dead", "list", "--help"}}) {
    expect_columns(run(words).out);
  }
}

TEST(Program, NoHelpPageIsWiderThanAHundredColumns) {
  std::vector<std::vector<std::string>> pages = {
      {"--help"}, {"dead", "--help"}, {"trigger", "--help"}, {"cluster", "--help"}};
  for (const Command& command : commands()) {
    std::istringstream words{std::string(command.name)};
    std::vector<std::string> page(std::istream_iterator<std::string>(words), {});
    page.emplace_back("--help");
    pages.push_back(page);
  }
  for (const auto& page : pages) {
    const Outcome outcome = run(page);
    EXPECT_EQ(outcome.code, 0);
    std::istringstream lines(outcome.out);
    for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 100u) << line;
  }
}

TEST(Program, ShowsOfACommandTheFlagsThatItUses) {
  const std::string list = run({"dead", "list", "--help"}).out;
  EXPECT_NE(list.find("--mongodb-uri"), std::string::npos);
  EXPECT_EQ(list.find("--lanes"), std::string::npos);
  EXPECT_EQ(list.find("--nats-url"), std::string::npos);
  EXPECT_NE(run({"dead", "retry", "--help"}).out.find("--nats-url"), std::string::npos);
  EXPECT_NE(run({"verify", "--help"}).out.find("--partitions"), std::string::npos);
}

TEST(Program, WarnsOfSecretsOnTheCommandLine) {
  const Outcome outcome = run({"check", "no/such.yaml", "--nats-password", "s3cret", "--redis-url",
                               "redis://:s3cret@h", "--mongodb-uri", "mongodb://h/"});
  EXPECT_EQ(outcome.err,
            "sluice: warning: --nats-password contains a secret, which everyone can see who can list the "
            "processes of this machine; use NATS_PASSWORD or a file instead\n"
            "sluice: warning: --redis-url contains a secret, which everyone can see who can list the "
            "processes of this machine; use REDIS_URL or a file instead\n"
            "no/such.yaml: cannot be read: No such file or directory\n");
}

TEST(Program, ExplainsTheOptionsOfRun) {
  const Outcome outcome = run({"run", "--help"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_NE(outcome.out.find("sluice run FILE.yaml"), std::string::npos);
  EXPECT_NE(outcome.out.find("Engine:\n"), std::string::npos);
  EXPECT_NE(outcome.out.find("(ms, default 25)\n"), std::string::npos);
}

TEST(Program, ExplainsTheFlagsThatAreTheCommandsOwn) {
  EXPECT_NE(run({"check", "--help"}).out.find("  --online "), std::string::npos);
  EXPECT_EQ(run({"run", "--help"}).out.find("--online"), std::string::npos);
}

TEST(Program, ExplainsTheVariablesOfAConnector) {
  const Outcome outcome = run({"connector", "--help"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_NE(outcome.out.find("sluice connector [--config FILE]"), std::string::npos);
  EXPECT_NE(outcome.out.find("MONGO_WATCH_COLLECTIONS"), std::string::npos);
  EXPECT_NE(outcome.out.find("--nats-user"), std::string::npos);
}

TEST(Program, PrintsTheOptions) {
  EXPECT_EQ(run({"options", "--markdown"}).out.rfind("# Options\n", 0), 0u);
  EXPECT_NE(run({"options"}).out.find("SLUICE_LANES"), std::string::npos);
}

struct Misuse {
  std::vector<std::string> words;
  const char* message;
};

class Misuses : public testing::TestWithParam<Misuse> {};

TEST_P(Misuses, AreRefusedWithASentence) {
  const Outcome outcome = run(GetParam().words);
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(outcome.err, std::string(GetParam().message) + "\n");
}

INSTANTIATE_TEST_SUITE_P(
    Program, Misuses,
    testing::Values(
        Misuse{{"rnu", "x.yaml"}, "sluice: unknown command 'rnu'; did you mean 'run'?"},
        Misuse{{"frobnicate"},
               "sluice: unknown command 'frobnicate'; allowed here: run, check, config, cluster status, "
               "dead list, dead show, dead retry, dead drop, top, trigger list, trigger create, trigger "
               "drop, trigger explain, verify, snapshot, try, "
               "replay, connector or options"},
        Misuse{{"dead"},
               "sluice: sluice dead needs a subcommand: dead list, dead show, dead retry or dead "
               "drop; see sluice dead --help"},
        Misuse{{"dead", "lsit", "x"}, "sluice: unknown command 'dead lsit'; did you mean 'dead list'?"},
        Misuse{{"dead", "list"}, "sluice: sluice dead list needs a FILE.yaml; see sluice dead list --help"},
        Misuse{{"dead", "list", "x", "y"}, "sluice: unexpected argument 'y'; see sluice dead list --help"},
        Misuse{{"dead", "list", "x", "--rul", "y"},
               "sluice: unknown flag '--rul'; did you mean '--rule'?; see sluice dead list --help"},
        Misuse{{"dead", "list", "x", "--since", "yesterday"},
               "sluice: --since must be a time such as 2026-11-21T10:54Z, or a time ago (90s, 30m, 2h, 1d), "
               "not 'yesterday'"},
        Misuse{{"dead", "list", "x", "--limit", "0"},
               "sluice: --limit must be a whole number from 1 to 1000000, not '0'"},
        Misuse{{"dead", "show", "x"}, "sluice: name one dead letter by its ID; see sluice dead show --help"},
        Misuse{{"run"}, "sluice: sluice run needs a FILE.yaml; see sluice run --help"},
        Misuse{{"run", "x", "y"}, "sluice: unexpected argument 'y'; see sluice run --help"},
        Misuse{{"run", "x", "--lane", "4"},
               "sluice: unknown flag '--lane'; did you mean '--lanes'?; see sluice run --help"},
        Misuse{{"dead", "list", "x", "--lanes", "4"},
               "sluice: sluice dead list does not use '--lanes', which is an option of a worker; see sluice "
               "dead list "
               "--help"},
        Misuse{{"run", "x", "--zzz=4"}, "sluice: unknown flag '--zzz'; see sluice run --help"},
        Misuse{{"run", "x", "--lanes"}, "sluice: flag --lanes needs a value"},
        Misuse{{"run", "x", "--lanes="}, "sluice: flag --lanes needs a value"},
        Misuse{{"--lanes", "4", "run", "x"},
               "sluice: '--lanes' must come after the command, as in: sluice run FILE.yaml --lanes"},
        Misuse{{"--vresion"},
               "sluice: unknown flag '--vresion'; did you mean '--version'?; see sluice --help"},
        Misuse{{"config", "no/such.yaml"}, "no/such.yaml: cannot be read: No such file or directory"}));

TEST(Arguments, TakeFlagsBeforeAndBehindTheFile) {
  const Arguments arguments =
      parse_arguments({"run", "--lanes", "2", "x.yaml", "--shard-count=4", "--restart-now"});
  EXPECT_EQ(arguments.command, "run");
  EXPECT_EQ(arguments.file, "x.yaml");
  const config::Values flags = {{"lanes", "2"}, {"restart-now", "true"}, {"shard-count", "4"}};
  EXPECT_EQ(arguments.flags, flags);
}

TEST(Arguments, TakeOperandsWhereACommandHasThem) {
  const Arguments arguments = parse_arguments({"top", "http://a:1", "--once", "b:2"});
  EXPECT_EQ(arguments.operands, (std::vector<std::string>{"http://a:1", "b:2"}));
  EXPECT_TRUE(arguments.own.contains("once"));
}

TEST(Arguments, TakeTheLastOfAFlagGivenTwice) {
  EXPECT_EQ(parse_arguments({"run", "x", "--lanes", "2", "--lanes", "8"}).flags.at("lanes"), "8");
}

TEST(Arguments, TakeWhatFollowsTheFileWhereTheCommandDoes) {
  const Arguments arguments =
      parse_arguments({"dead", "retry", "x.yaml", "a", "--dry-run", "b", "--rule", "r"});
  EXPECT_EQ(arguments.command, "dead retry");
  EXPECT_EQ(arguments.file, "x.yaml");
  EXPECT_EQ(arguments.operands, (std::vector<std::string>{"a", "b"}));
  const config::Values own = {{"dry-run", "true"}, {"rule", "r"}};
  EXPECT_EQ(arguments.own, own);
}

TEST(Program, ExplainsAGroupAndItsCommands) {
  const Outcome group = run({"dead", "--help"});
  EXPECT_EQ(group.code, 0);
  EXPECT_NE(group.out.find("sluice dead retry FILE.yaml"), std::string::npos);
  const Outcome one = run({"dead", "retry", "--help"});
  EXPECT_EQ(one.code, 0);
  EXPECT_NE(one.out.find("--error CODE|TEXT"), std::string::npos);
}

TEST(Arguments, TakeANegativeNumberAsAValue) {
  EXPECT_EQ(parse_arguments({"run", "x", "--shard-index", "-1"}).flags.at("shard-index"), "-1");
}

TEST(Arguments, TakeTheFlagsThatAreTheCommandsOwn) {
  EXPECT_EQ(parse_arguments({"check", "x", "--online"}).own, (config::Values{{"online", "true"}}));
  EXPECT_TRUE(parse_arguments({"check", "x"}).own.empty());
  EXPECT_THROW(parse_arguments({"run", "x", "--online"}), UsageError);
}

class WithFile : public testing::Test {
 protected:
  void TearDown() override { std::remove(file_.c_str()); }
  void write(const std::string& yaml) { std::ofstream(file_) << yaml; }

  std::string file_ = testing::TempDir() + "sluice_program_test." + std::to_string(::getpid()) + ".yaml";
};

TEST_F(WithFile, ConfigPrintsValuesAndTheirOrigins) {
  write("pipeline: p\nmongodb: {uri: 'mongodb://u:secret@h', database: d}\nrules: [{name: r, count: {}}]\n");
  const Outcome outcome = run({"config", file_, "--lanes", "8"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("# flag --lanes\n"), std::string::npos);
  EXPECT_NE(outcome.out.find("streams.d.uri: mongodb://u:***@h"), std::string::npos);
  EXPECT_EQ(outcome.out.find("secret"), std::string::npos);
}

TEST_F(WithFile, ABadFileIsRefusedWithItsPlaceAtTheStartOfTheLine) {
  write("pipeline: p\nmongdb: {}\nrules: []\n");
  for (const char* command : {"run", "check", "config"}) {
    const Outcome outcome = run({command, file_});
    EXPECT_EQ(outcome.code, 1);
    EXPECT_EQ(outcome.err, file_ + ":2:1: unknown key 'mongdb'; did you mean 'mongodb'?\n");
  }
}

constexpr const char* kTwoFaults =
    "pipeline: p\nmongodb: {database: d}\nengine: {lanes: 0}\nrules:\n  - name: r\n    count: {form: a}\n"
    "  - name: t\n    tally: {from: a, field: t, into: b, count: n, drop: true, nothing: 1}\n";

TEST_F(WithFile, CheckSaysAllThatIsWrongWithAFileAndItsRules) {
  write(kTwoFaults);
  const Outcome outcome = run({"check", file_});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(outcome.out, "");
  EXPECT_NE(outcome.err.find(file_ + ":3:10: 'engine.lanes' must be a whole number"), std::string::npos);
  for (const char* problem :
       {":6:5: 'into' is missing here\n", ":8:51: unknown key 'drop'", ":8:63: unknown key 'nothing'"}) {
    EXPECT_NE(outcome.err.find(file_ + problem), std::string::npos) << problem << " in\n" << outcome.err;
  }
  EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 4) << outcome.err;
}

TEST_F(WithFile, CheckLooksBehindTheFirstProblemOfARule) {
  write(
      "pipeline: p\nmongodb: {database: d}\nrules:\n  - name: r\n    publish:\n      from: a\n"
      "      subject: b.c\n      stream: S\n      operations: [insrt]\n      dedup_s: -1\n      nothing: "
      "1\n");
  const std::string err = run({"check", file_}).err;
  EXPECT_EQ(err.rfind(file_ +
                          ":9:7: each item of 'operations' must be insert, update, replace, delete, drop or "
                          "rename, not 'insrt' (did "
                          "you mean 'insert'?)\n" +
                          file_ + ":10:16: 'dedup_s' must be a whole number from 0 to 604800, not '-1'\n" +
                          file_ + ":11:7: unknown key 'nothing'; allowed here: ",
                      0),
            0U)
      << err;
}

/// Only the rules are looked behind: without an option's value others would seem to be wrong.
TEST_F(WithFile, CheckReportsNothingThatFollowsFromAnotherProblem) {
  const std::string start = "pipeline: p\nmongodb: {database: d}\n";
  const std::string rest = "relay: {jetstream: {stream: LOG, partitions: 8}}\nrules: []\n";
  write(start + "clutser: {partitions: 8}\n" + rest);
  EXPECT_EQ(run({"check", file_}).err, file_ + ":3:1: unknown key 'clutser'; did you mean 'cluster'?\n");
  write(start + "cluster: {partitions: x}\n" + rest);
  EXPECT_EQ(run({"check", file_}).err,
            file_ + ":3:11: 'cluster.partitions' must be a whole number from 0 to 256, not 'x'\n");
  write(start + "rules: [{name: r, count: {from: a}}]\n");
  EXPECT_EQ(run({"check", file_}).err, file_ + ":3:19: 'into' is missing here\n");
}

TEST_F(WithFile, CheckNeedsARegionForAWS) {
  const std::string rest =
      "mongodb: {database: d}\nrules:\n  - name: out\n    publish: {from: a, eventbridge: {}}\n";
  write("pipeline: p\n" + rest);
  const Outcome without = run({"check", file_});
  EXPECT_EQ(without.code, 1);
  EXPECT_EQ(without.err,
            file_ +
                ":5:5: rule 'out' publishes to AWS, and no region is set; set 'region' under 'aws', "
                "--aws-region or AWS_REGION, such as eu-central-1\n");
  EXPECT_EQ(run({"check", file_, "--aws-region", "r-1"}).code, 0);
  write("pipeline: p\naws: {region: r-1, access_key_id: A}\n" + rest);
  EXPECT_NE(run({"check", file_})
                .err.find("'access_key_id' is set under 'aws' without 'secret_access_key'; set "
                          "both (or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY)"),
            std::string::npos);
  write("pipeline: p\naws: {region: r-1, access_key_id: A, secret_access_key: s}\n" + rest);
  EXPECT_EQ(run({"check", file_}).code, 0);
}

TEST_F(WithFile, CheckWarnsOfIdsThatAWSTakesForRepetitions) {
  const auto file = [](const std::string& second) {
    return "pipeline: p\nmongodb: {database: d}\naws: {region: r-1}\nrules:\n  - name: out\n"
           "    publish: {from: a, sqs: {queue: q.fifo}}\n  - name: again\n    publish: {from: " +
           second + "}\n";
  };
  const std::string warning =
      "warning  d/again: publishes the same events as d/out to the SQS queue q.fifo, where AWS drops the "
      "second";
  write(file("[a, b], sqs: {queue: q.fifo}"));
  const Outcome outcome = run({"check", file_});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_NE(outcome.out.find(warning), std::string::npos) << outcome.out;
  for (const char* other : {"b, sqs: {queue: q.fifo}", "a, sqs: {queue: r.fifo}",
                            "a, sqs: {queue: q.fifo}, message_id: '{token}-2'"}) {
    write(file(other));
    EXPECT_EQ(run({"check", file_}).out.find("warning"), std::string::npos) << other;
  }
}

TEST_F(WithFile, CheckWarnsOfSuchIdsHoweverTheQueueIsStatedAndOnlyForSharedOperations) {
  const auto warns = [this](const std::string& one, const std::string& other) {
    write(
        "pipeline: p\nmongodb: {database: d}\naws: {region: r-1}\nrules:\n  - name: out\n"
        "    publish: {from: a, " +
        one + "}\n  - name: again\n    publish: {from: a, " + other + "}\n");
    const Outcome outcome = run({"check", file_});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return outcome.out.find("AWS drops the second") != std::string::npos;
  };
  const std::string name = "sqs: {queue: q.fifo}";
  const std::string url = "sqs: {queue: 'https://sqs.r-1.amazonaws.com/123456789012/q.fifo'}";
  EXPECT_TRUE(warns(name, url));
  EXPECT_TRUE(warns(url, name));
  EXPECT_TRUE(warns(url, "sqs: {queue: 'https://r-1.queue.amazonaws.com/123456789012/q.fifo'}"));
  EXPECT_TRUE(warns("sqs: {queue: '{coll}.fifo'}", "sqs: {queue: 'https://h/123456789012/{coll}.fifo'}"));
  EXPECT_FALSE(warns(url, "sqs: {queue: 'https://sqs.r-1.amazonaws.com/210987654321/q.fifo'}"));
  EXPECT_FALSE(warns(url, "sqs: {queue: r.fifo}"));
  EXPECT_TRUE(warns(name + ", operations: [insert]", name + ", operations: [insert, delete]"));
  EXPECT_FALSE(warns(name + ", operations: [insert]", name + ", operations: [update, delete]"));
  const std::string snapshot = ", snapshot: first";
  EXPECT_TRUE(warns(name + snapshot + ", operations: [insert]", name + snapshot + ", operations: [delete]"));
  EXPECT_FALSE(warns(name + snapshot + ", operations: [insert]", name + ", operations: [delete]"));
  const std::string by_id = ", message_id: '{id}'";
  EXPECT_TRUE(warns(name + by_id + ", operations: [insert]", name + by_id + ", operations: [delete]"));
  const std::string by_op = ", message_id: '{id}-{op}'";
  EXPECT_FALSE(warns(name + by_op + ", operations: [insert]", name + by_op + ", operations: [delete]"));
}

TEST_F(WithFile, CheckTakesSeveralFilesAndNoRulesAreAFile) {
  write("pipeline: p\nmongodb: {database: d}\nrules: []\n");
  const Outcome outcome = run({"check", file_, "no/such.yaml"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(outcome.out, file_ + ": good: pipeline p, 1 stream, 0 rules\n");
  EXPECT_EQ(outcome.err, "no/such.yaml: cannot be read: No such file or directory\n");
}

TEST_F(WithFile, CheckReadsStandardInput) {
  std::istringstream text("pipeline: p\nmongdb: {}\nrules: []\n");
  std::streambuf* usual = std::cin.rdbuf(text.rdbuf());
  const Outcome outcome = run({"check", "-"});
  std::cin.rdbuf(usual);
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(outcome.err, "<stdin>:2:1: unknown key 'mongdb'; did you mean 'mongodb'?\n");
}

TEST_F(WithFile, WarnsOfAFileThatOthersMayWrite) {
  write("pipeline: p\nmongodb: {database: d}\nrules: []\n");
  ::chmod(file_.c_str(), 0666);
  EXPECT_EQ(run({"check", file_}).err,
            "sluice: warning: " + file_ +
                " can be written by everybody, who can thereby control the worker; run: chmod go-w " + file_ +
                "\n");
  ::chmod(file_.c_str(), 0620);
  EXPECT_NE(run({"check", file_}).err.find("by its group"), std::string::npos);
  ::chmod(file_.c_str(), 0644);
  EXPECT_EQ(run({"check", file_}).err, "");
}

TEST_F(WithFile, ARuleCanBeSwitchedOff) {
  write(
      "pipeline: p\nmongodb: {database: d}\nrules:\n  - name: r\n    enabled: false\n    count: {from: a}\n");
  EXPECT_EQ(run({"check", file_}).out, file_ + ": good: pipeline p, 1 stream, 0 rules\n");
  EXPECT_NE(run({"config", file_}).out.find("rules.r: count (switched off)"), std::string::npos);
}

TEST_F(WithFile, CheckSpeaksJson) {
  write("pipeline: p\nmongodb: {database: d}\nengine: {lanes: 0}\nrules: []\n");
  EXPECT_EQ(run({"check", "--json", file_}).out,
            R"({"file":")" + file_ +
                R"(","good":false,"problems":[{"message":"'engine.lanes' must be a whole number from 1 to )"
                R"(256, not '0'","file":")" +
                file_ + R"(","line":3,"column":10}],"set_off":[],"loops":[],"findings":[]})" + "\n");
  write("pipeline: p\nmongodb: {database: d}\nrules: []\n");
  EXPECT_EQ(run({"check", "--json", file_}).out,
            R"({"file":")" + file_ + R"(","good":true,"problems":[],"set_off":[],"loops":[],"findings":[]})" +
                "\n");
}

}  // namespace
}  // namespace sluice::cli
