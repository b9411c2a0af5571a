#pragma once

#include <librdkafka/rdkafka.h>

#include <memory>

#include "bson/destroyer.hpp"

/// Owning types for all handles of librdkafka. Handles are destroyed nowhere else.
namespace sluice::sinks::kafka {

/// rd_kafka_new() takes it over if it succeeds.
using Conf = std::unique_ptr<rd_kafka_conf_t, Destroyer<rd_kafka_conf_destroy>>;
using Client = std::unique_ptr<rd_kafka_t, Destroyer<rd_kafka_destroy>>;
using Topic = std::unique_ptr<rd_kafka_topic_t, Destroyer<rd_kafka_topic_destroy>>;
using Queue = std::unique_ptr<rd_kafka_queue_t, Destroyer<rd_kafka_queue_destroy>>;
using Event = std::unique_ptr<rd_kafka_event_t, Destroyer<rd_kafka_event_destroy>>;
/// A message takes it over if it is produced.
using Headers = std::unique_ptr<rd_kafka_headers_t, Destroyer<rd_kafka_headers_destroy>>;
using NewTopic = std::unique_ptr<rd_kafka_NewTopic_t, Destroyer<rd_kafka_NewTopic_destroy>>;
using AdminOptions = std::unique_ptr<rd_kafka_AdminOptions_t, Destroyer<rd_kafka_AdminOptions_destroy>>;
using Failure = std::unique_ptr<rd_kafka_error_t, Destroyer<rd_kafka_error_destroy>>;

struct MetadataDestroyer {
  void operator()(const rd_kafka_metadata_t* metadata) const { rd_kafka_metadata_destroy(metadata); }
};
using Metadata = std::unique_ptr<const rd_kafka_metadata_t, MetadataDestroyer>;

}  // namespace sluice::sinks::kafka
