#include "sinks/aws/attempt.hpp"

#include <algorithm>
#include <utility>

#include "sinks/aws/digest.hpp"
#include "sinks/payload.hpp"

namespace sluice::sinks {

namespace {

using Service = AwsPlan::Service;

constexpr std::int32_t aws_payload_impossible = 2;
constexpr std::int32_t aws_too_large = 6;
/// After this time an attempt returns unfinished, so that a stop, or a lane that moves to another worker,
/// does not wait longer for a slow service.
constexpr auto most_attempt = std::chrono::seconds(5);
constexpr std::size_t most_alone = 16'384;         // messages; more than any batch has
constexpr std::size_t lane_keeps_bytes = 1 << 20;  // a larger buffer is freed after its batch
constexpr auto most_retry_after = std::chrono::minutes(1);

/// The services accept only characters of XML 1.0. U+FFFE and U+FFFF are not among them, although JSON may
/// contain them unescaped.
void escape_noncharacters(std::string& json) {
  for (const auto& [raw, escaped] :
       {std::pair("\xEF\xBF\xBE", "\\ufffe"), std::pair("\xEF\xBF\xBF", "\\uffff")}) {
    for (auto at = json.find(raw); at != std::string::npos; at = json.find(raw, at))
      json.replace(at, 3, escaped);
  }
}

}  // namespace

Aws::Attempt::Attempt(Aws& outlet, Lane& lane, const Batch& batch)
    : outlet_(outlet), lane_(lane), batch_(batch), deadline_(flow::Clock::now() + most_attempt) {}

Outcome Aws::Attempt::run() {
  const std::vector<std::size_t> missing = lane_.delivered.missing_of(batch_, outlet_);
  if (!lane_.refused.report(batch_, missing, outcome_)) {
    std::map<Service, std::vector<std::size_t>> by_service;
    for (const std::size_t i : missing)
      by_service[static_cast<const AwsPlan&>(*delivery(i).plan).service].push_back(i);
    for (const auto& [service, writes] : by_service) send_all(service, writes);
  }
  outcome_.committed = !outcome_.error;
  outcome_.documents = done_.size();
  lane_.delivered.remember(batch_, outlet_, done_, outcome_.committed);
  if (outcome_.committed) lane_.alone.clear();
  if (lane_.bodies.capacity() > lane_keeps_bytes) std::string().swap(lane_.bodies);
  return std::move(outcome_);
}

void Aws::Attempt::send_all(Service service, const std::vector<std::size_t>& writes) {
  auto client = outlet_.targets_.client(service);
  if (auto* error = std::get_if<Error>(&client)) return report(std::move(*error));
  client_ = std::get<aws::Client*>(client);
  targets_.clear();
  // A queue whose URL cannot be got holds up no message to the others.
  std::vector<std::size_t> known;
  std::vector<std::size_t> unknown;
  for (const std::size_t write : writes) {
    const bool asks = targets_[target_of(delivery(write).message->address)].unknown;
    (asks ? unknown : known).push_back(write);
  }
  send_items(known);
  if (unknown.empty()) return;
  ask_for_targets();
  send_items(unknown);
}

void Aws::Attempt::send_items(const std::vector<std::size_t>& writes) {
  items_.clear();
  outgoing_.clear();
  lane_.bodies.clear();
  for (const std::size_t write : writes) add_item(write);
  fly();
}

void Aws::Attempt::ask_for_targets() {
  std::vector<std::string> queues;
  for (const Target& target : targets_) {
    if (target.unknown) queues.push_back(target.stated);
  }
  const auto sent = outlet_.targets_.ask(*client_, queues, deadline_, outlet_.stop_.get_token(),
                                         [this](Error error) { report(std::move(error)); });
  if (const auto* error = std::get_if<Error>(&sent)) return report(*error);
  say_unsent(std::get<http::Unsent>(sent));
  for (Target& target : targets_) {
    if (!target.unknown) continue;
    look_up(target);
    // Another lane may have found that the queue is missing, so that its URL was forgotten at once.
    if (target.unknown) {
      Error error =
          client_->error_of({aws::Remedy::wait, "", "its URL has to be asked for again"}, target.stated);
      error.kind = ErrorKind::unavailable;
      report(std::move(error));
    }
  }
}

/// Prepares a message for the flight, unless it cannot be sent now or ever.
void Aws::Attempt::add_item(std::size_t write) {
  const DeliverWrite& one = delivery(write);
  Item item;
  item.write = write;
  item.target = target_of(one.message->address);
  if (targets_[item.target].address.empty() || !render(write, item)) return;
  const bool ordered = client_->service() != Service::event_bridge;
  item.group = ordered ? aws::accepted_id(one.message->key) : std::string(one.message->key);
  item.id = aws::accepted_id(one.message->id);
  const std::size_t bytes = aws::bytes_of(entry_of(item));
  if (bytes > aws::most_message) {
    return refuse(item, {ErrorKind::own_fault, aws_too_large,
                         "the message has " + std::to_string(bytes) + " bytes, and AWS accepts " +
                             std::to_string(aws::most_message)});
  }
  const bool alone = lane_.alone.contains(MessageKey::view(one));
  // EventBridge keeps no order, so each of its messages is a group.
  outgoing_.push_back({ordered ? one.key : items_.size(), item.target, bytes, alone});
  items_.push_back(std::move(item));
}

bool Aws::Attempt::render(std::size_t write, Item& item) {
  const DeliverWrite& one = delivery(write);
  auto failure = bson::JsonFailure::none;
  const auto body = payload_of(*one.message, static_cast<const AwsPlan&>(*one.plan).format, text_, &failure);
  if (!body) {
    refuse(item, {ErrorKind::own_fault, aws_payload_impossible, std::string(bson::reason_of(failure))});
    return false;
  }
  escape_noncharacters(text_);
  item.body = lane_.bodies.size();
  item.body_size = text_.size();
  lane_.bodies += text_;
  return true;
}

std::size_t Aws::Attempt::target_of(std::string_view stated) {
  const auto found = std::ranges::find(targets_, stated, &Target::stated);
  if (found != targets_.end()) return static_cast<std::size_t>(found - targets_.begin());
  look_up(targets_.emplace_back(Target{std::string(stated), {}}));
  return targets_.size() - 1;
}

void Aws::Attempt::look_up(Target& target) {
  auto address = outlet_.targets_.address(*client_, target.stated);
  target.unknown = !address;
  if (!address) return;
  if (auto* error = std::get_if<Error>(&*address)) {
    report(std::move(*error));
  } else {
    target.address = std::get<std::string>(std::move(*address));
  }
}

aws::Entry Aws::Attempt::entry_of(const Item& item) const {
  const Message& message = *delivery(item.write).message;
  aws::Entry entry{.body = std::string_view(lane_.bodies).substr(item.body, item.body_size),
                   .group = item.group,
                   .id = item.id};
  if (client_->service() == Service::event_bridge) {
    entry.detail_type = message.headers.substr(AwsPlan::detail_type_header.size());
  } else {
    entry.headers = message.headers;
  }
  return entry;
}

void Aws::Attempt::fly() {
  aws::Flight flight(outgoing_, {.bytes = aws::most_batch(client_->service())});
  while (true) {
    std::vector<aws::Flight::Places> wave;
    for (std::size_t bytes = 0; bytes < most_wave;) {
      auto request = flight.next();
      if (!request) break;
      for (const std::size_t place : *request) bytes += outgoing_[place].bytes;
      wave.push_back(std::move(*request));
    }
    if (wave.empty() || !send_wave(flight, wave)) return;
  }
}

/// Returns whether it makes sense to send more in this attempt.
bool Aws::Attempt::send_wave(aws::Flight& flight, const std::vector<aws::Flight::Places>& wave) {
  std::vector<aws::Call> calls;
  calls.reserve(wave.size());
  for (const auto& request : wave) {
    std::vector<aws::Entry> entries;
    for (const std::size_t place : request) entries.push_back(entry_of(items_[place]));
    const Target& target = targets_[items_[request.front()].target];
    calls.push_back(aws::batch_call(client_->service(), target.address, entries));
  }
  std::vector<http::Answer> answers(calls.size());
  const auto sent = client_->send(calls, answers, deadline_, outlet_.stop_.get_token());
  if (const auto* error = std::get_if<Error>(&sent)) {
    report(*error);
    return false;
  }
  const std::size_t before = flight.acknowledged();
  bool all_sent = true;
  for (std::size_t i = 0; i < wave.size(); ++i) {
    all_sent &= answers[i].kind != http::Answer::Kind::unsent;
    settle(flight, wave[i], answers[i]);
  }
  say_unsent(std::get<http::Unsent>(sent));
  return all_sent && flight.acknowledged() > before;
}

void Aws::Attempt::settle(aws::Flight& flight, const aws::Flight::Places& request,
                          const http::Answer& answer) {
  if (answer.kind == http::Answer::Kind::unsent) {
    for (const std::size_t place : request) flight.failed(place);
    return;
  }
  const aws::BatchAnswer result = client_->batch_answer(answer, request.size());
  if (answer.retry_after) wait(std::min<flow::Duration>(*answer.retry_after, most_retry_after));
  if (result.failure) return settle_failed(flight, request, result.failure);
  for (std::size_t i = 0; i < request.size(); ++i) {
    const Item& item = items_[request[i]];
    const aws::Failure& failure = result.entries[i];
    if (!failure) {
      flight.acknowledged(request[i]);
      done(item);
      continue;
    }
    flight.failed(request[i]);
    Error error = client_->error_of(failure, targets_[item.target].stated);
    if (failure.remedy == aws::Remedy::refuse) {
      refuse(item, std::move(error));
    } else {
      report(std::move(error));
    }
  }
}

/// The request failed as a whole.
void Aws::Attempt::settle_failed(aws::Flight& flight, const aws::Flight::Places& request,
                                 const aws::Failure& failure) {
  for (const std::size_t place : request) flight.failed(place);
  const Item& first = items_[request.front()];
  const Target& target = targets_[first.target];
  if (failure.remedy == aws::Remedy::missing) outlet_.targets_.forget(target.stated);
  Error error = client_->error_of(failure, target.stated);
  if (failure.remedy != aws::Remedy::refuse) {
    report(std::move(error));
  } else if (request.size() == 1) {
    refuse(first, std::move(error));
  } else {
    take_apart(request, std::move(error));
  }
}

void Aws::Attempt::done(const Item& item) {
  done_.push_back(item.write);
  if (lane_.alone.empty()) return;
  const auto found = lane_.alone.find(MessageKey::view(delivery(item.write)));
  if (found != lane_.alone.end()) lane_.alone.erase(found);
}

void Aws::Attempt::refuse(const Item& item, Error error) {
  outcome_.outlet.clear();  // the service works: the message is at fault
  lane_.refused.add(batch_, item.write, std::move(error), outcome_);
}

/// A request with several messages was refused. Each message is sent alone from now on, to find out which is
/// at fault.
void Aws::Attempt::take_apart(const aws::Flight::Places& request, Error error) {
  if (lane_.alone.size() >= most_alone) lane_.alone.clear();
  for (const std::size_t place : request) lane_.alone.emplace(delivery(items_[place].write));
  error.kind = ErrorKind::transient;
  error.message += " (a batch of " + std::to_string(request.size()) + "; each is sent alone now)";
  report(std::move(error));
}

/// The first error is reported, unless there is a refused message.
void Aws::Attempt::report(Error error) {
  if (outcome_.error) return;
  outcome_.error = std::move(error);
  if (client_ != nullptr) outcome_.outlet = client_->where();
}

void Aws::Attempt::wait(flow::Duration time) {
  const auto asked = std::chrono::ceil<std::chrono::milliseconds>(std::max(time, flow::Duration::zero()));
  outcome_.retry_in = std::max(outcome_.retry_in.value_or(std::chrono::milliseconds(0)), asked);
}

void Aws::Attempt::say_unsent(const http::Unsent& unsent) {
  if (unsent.abandoned) return report(abandoned_error(client_->where()));
  if (unsent.not_before) {
    wait(*unsent.not_before - flow::Clock::now());
    report({ErrorKind::unavailable, 0,
            client_->where() + ": nothing is sent for a while, because the last requests failed"});
  } else if (unsent.late) {
    report({ErrorKind::too_slow, 0,
            client_->where() + " is slow: " + std::to_string(done_.size()) +
                " messages were sent so far; the rest follows"});
  }
}

}  // namespace sluice::sinks
