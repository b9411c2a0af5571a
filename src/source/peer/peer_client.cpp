#include "source/peer/peer_client.hpp"

#include <chrono>
#include <optional>
#include <utility>

#include "source/peer/peer_messages.hpp"

namespace sluice::source {

namespace {

constexpr const char* no_message = "it sent what is no message";

/// For each step of connecting, and for sending a request.
constexpr auto patience = std::chrono::seconds(1);
/// For an answer, beyond what the other instance was told to wait. The change stream is not read meanwhile.
/// The events may take another second for each megabyte.
constexpr auto patience_for_answer = std::chrono::seconds(3);

}  // namespace

std::string PeerClient::connect(const std::stop_token& stop) {
  return link_.connect(peer_.host, peer_.port, peer_.secret, patience, stop);
}

std::string PeerClient::open(const PeerRequest& request) {
  bson::Builder out;
  const bson::View message = peer::make_request(request, out);
  std::string why = link_.send({message.data(), message.size()}, patience);
  if (!why.empty()) return why;
  std::vector<std::uint8_t> bytes;
  why = link_.receive(bytes, longest_await_ + patience_for_answer);
  if (!why.empty()) return why;
  return peer::parse_reply(view_of(bytes)).value_or(no_message);
}

std::unique_ptr<StreamBatch> PeerClient::next(std::size_t events, flow::Duration wait, std::string& why) {
  const auto wait_ms = std::chrono::duration_cast<std::chrono::milliseconds>(wait).count();
  bson::Builder out;
  const bson::View question = peer::make_question({events, wait_ms}, out);
  why = link_.send({question.data(), question.size()}, patience_for_answer);
  if (!why.empty()) return nullptr;
  auto bytes = std::make_shared<std::vector<std::uint8_t>>();
  why = link_.receive(*bytes, wait + patience_for_answer);
  if (!why.empty()) return nullptr;
  const auto head = peer::parse_head(view_of(*bytes));
  why = head ? head->ended : no_message;
  if (!why.empty()) return nullptr;
  why = link_.receive_more(*bytes, head->bytes, patience_for_answer + std::chrono::microseconds(head->bytes));
  if (!why.empty()) return nullptr;
  auto batch = peer::batch_of(*head, std::move(bytes));
  if (!batch) why = no_message;
  return batch;
}

}  // namespace sluice::source
