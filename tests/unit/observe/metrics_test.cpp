#include "observe/metrics.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "observe/build_info.hpp"

namespace sluice::observe {
namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(Metrics, ShowEveryMetricOfAStreamFromTheStart) {
  Metrics metrics;
  StreamMetrics& stream = metrics.stream("conduit");
  stream.rule_effects("tally");
  stream.retries("transient");
  const std::string text = metrics.render();
  for (const char* name :
       {"sluice_events_read_total", "sluice_events_applied_total", "sluice_events_published_total",
        "sluice_events_filtered_total", "sluice_events_dead_total", "sluice_events_in_flight",
        "sluice_bytes_in_flight", "sluice_lag_seconds", "sluice_checkpoint_age_seconds",
        "sluice_stream_reopens_total", "sluice_large_events_total", "sluice_ready", "sluice_stalled"}) {
    EXPECT_TRUE(has(text, std::string("\n") + name + "{stream=\"conduit\"} 0\n")) << name;
    EXPECT_TRUE(has(text, std::string("# HELP ") + name + " ")) << name;
  }
  for (const char* name : {"sluice_oplog_headroom_seconds", "sluice_oplog_exhausted_at_seconds"}) {
    EXPECT_TRUE(has(text, std::string("\n") + name + "{stream=\"conduit\"} Nan\n")) << name << text;
  }
  for (const char* name : {"sluice_event_lag_seconds", "sluice_batch_documents", "sluice_batch_events",
                           "sluice_batch_seconds"}) {
    EXPECT_TRUE(has(text, std::string(name) + "_count{stream=\"conduit\"} 0\n")) << name;
    EXPECT_TRUE(has(text, std::string("# TYPE ") + name + " histogram\n")) << name;
  }
  EXPECT_TRUE(has(text, "sluice_rule_effects_total{"));
  EXPECT_TRUE(has(text, "sluice_retries_total{"));
}

TEST(Metrics, TellTheMemoryOfTheProcess) {
  const std::string text = Metrics().render();
  const std::string name = "\nprocess_resident_memory_bytes ";
  ASSERT_TRUE(has(text, name)) << text;
  EXPECT_GT(std::stod(text.substr(text.find(name) + name.size())), 1 << 20);
}

TEST(Metrics, TellWhichProgramRuns) {
  const BuildInfo build = build_info();
  const std::string text = Metrics().render();
  const std::string line = "\nsluice_build_info{commit=\"" + std::string(build.commit) + "\",compiler=\"" +
                           std::string(build.compiler) + "\",version=\"" + std::string(build.version) +
                           "\"} 1\n";
  EXPECT_TRUE(has(text, line)) << text;
}

TEST(Metrics, CountInBulk) {
  Metrics metrics;
  StreamMetrics& stream = metrics.stream("s");
  stream.events_read.Increment(1000);
  stream.events_read.Increment();
  stream.lag_seconds.Set(2.5);
  const std::string text = metrics.render();
  EXPECT_TRUE(has(text, "sluice_events_read_total{stream=\"s\"} 1001\n"));
  EXPECT_TRUE(has(text, "sluice_lag_seconds{stream=\"s\"} 2.5\n"));
}

TEST(Metrics, KeepPartitionsOfOneStreamApart) {
  Metrics metrics;
  metrics.stream("s", 3).events_read.Increment(5);
  metrics.stream("s", 12).events_read.Increment(7);
  metrics.stream("s", 3).rule_effects("r").applied.Increment(2);
  const std::string text = metrics.render();
  EXPECT_TRUE(has(text, "sluice_events_read_total{partition=\"3\",stream=\"s\"} 5\n")) << text;
  EXPECT_TRUE(has(text, "sluice_events_read_total{partition=\"12\",stream=\"s\"} 7\n"));
  EXPECT_TRUE(has(text, "{partition=\"3\",result=\"applied\",rule=\"r\",stream=\"s\"} 2\n"));
}

TEST(Metrics, LeaveOutTheGaugesOfAPartitionThatWentElsewhereAndKeepItsCounters) {
  Metrics metrics;
  metrics.cluster("s", 2).partition_held[1]->Set(1);
  StreamMetrics& gone = metrics.stream("s", 0);
  metrics.stream("s", 1);
  gone.events_read.Increment(5);
  gone.leave_out_gauges(true);
  std::string text = metrics.render();
  EXPECT_FALSE(has(text, "sluice_lag_seconds{partition=\"0\"")) << text;
  EXPECT_TRUE(has(text, "sluice_lag_seconds{partition=\"1\",stream=\"s\"} 0\n")) << text;
  EXPECT_TRUE(has(text, "sluice_events_read_total{partition=\"0\",stream=\"s\"} 5\n")) << text;
  EXPECT_TRUE(has(text, "sluice_cluster_partition_held{partition=\"0\",stream=\"s\"} 0\n")) << text;
  EXPECT_TRUE(has(text, "sluice_cluster_partition_held{partition=\"1\",stream=\"s\"} 1\n")) << text;
  gone.leave_out_gauges(false);
  EXPECT_TRUE(has(metrics.render(), "sluice_lag_seconds{partition=\"0\""));
}

TEST(Metrics, CountEffectsByRuleAndResult) {
  Metrics metrics;
  const RuleEffects effects = metrics.stream("s").rule_effects("r");
  effects.applied.Increment(3);
  effects.skipped.Increment(2);
  effects.failed.Increment(1);
  EXPECT_EQ(effects.applied.Value(), 3);
  EXPECT_EQ(&metrics.stream("s").rule_effects("r").applied, &effects.applied);
  EXPECT_NE(&metrics.stream("t").rule_effects("r").applied, &effects.applied);
  const std::string text = metrics.render();
  for (const char* part : {"rule=\"r\"", "result=\"applied\"", "result=\"skipped\"", "result=\"failed\""}) {
    EXPECT_TRUE(has(text, part)) << part;
  }
}

TEST(Metrics, GiveTheSameStreamForTheSameName) {
  Metrics metrics;
  EXPECT_EQ(&metrics.stream("s"), &metrics.stream("s"));
  EXPECT_NE(&metrics.stream("s"), &metrics.stream("t"));
}

TEST(Metrics, EscapeNamesInLabels) {
  Metrics metrics;
  metrics.stream("a\"b\n");
  EXPECT_TRUE(has(metrics.render(), R"(sluice_ready{stream="a\"b\n"} 0)"));
}

TEST(ScrapeHooks, RunBeforeEachRenderUntilTheyAreDropped) {
  Metrics metrics;
  StreamMetrics& stream = metrics.stream("s");
  int scrapes = 0;
  {
    const ScrapeHook hook = metrics.on_scrape([&] { stream.events_in_flight.Set(++scrapes); });
    EXPECT_EQ(scrapes, 0);
    EXPECT_TRUE(has(metrics.render(), "sluice_events_in_flight{stream=\"s\"} 1\n"));
    EXPECT_TRUE(has(metrics.render(), "sluice_events_in_flight{stream=\"s\"} 2\n"));
  }
  metrics.render();
  EXPECT_EQ(scrapes, 2);
}

TEST(ScrapeHooks, CanBeMoved) {
  Metrics metrics;
  int first = 0;
  int second = 0;
  ScrapeHook kept;
  {
    ScrapeHook hook = metrics.on_scrape([&] { ++first; });
    kept = std::move(hook);
  }
  metrics.render();
  EXPECT_EQ(first, 1);
  kept = metrics.on_scrape([&] { ++second; });
  metrics.render();
  EXPECT_EQ(first, 1);
  EXPECT_EQ(second, 1);
  kept = ScrapeHook();
  metrics.render();
  EXPECT_EQ(second, 1);
}

TEST(ScrapeHooks, ComeAndGoWhileOthersScrape) {
  Metrics metrics;
  std::atomic<bool> stop = false;
  std::atomic<int> scrapes = 0;
  std::thread scraper([&] {
    while (!stop) {
      metrics.render();
      ++scrapes;
      scrapes.notify_one();
    }
  });
  int most = 0;
  for (int i = 0; i < 200; ++i) {
    int runs = 0;
    {
      const ScrapeHook hook = metrics.on_scrape([&runs] { ++runs; });
      metrics.stream(std::to_string(i % 3)).events_read.Increment();
      if (i % 20 == 0) {
        const int seen = scrapes;  // one may have begun before the hook stood; the next but one has not
        for (int now = seen; now < seen + 2; now = scrapes) scrapes.wait(now);
      }
    }
    most = std::max(most, runs);
  }
  stop = true;
  scraper.join();
  EXPECT_GT(most, 0);
  const std::string text = metrics.render();
  EXPECT_TRUE(has(text, R"(sluice_events_read_total{stream="0"} 67)")) << text;
  EXPECT_TRUE(has(text, R"(sluice_events_read_total{stream="2"} 66)")) << text;
}

}  // namespace
}  // namespace sluice::observe
