#include "source/peer/peer_server.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <utility>
#include <vector>

#include "core/guarded.hpp"
#include "flow/pause.hpp"
#include "source/peer/asio.hpp"
#include "source/peer/peer_link.hpp"
#include "source/peer/peer_messages.hpp"

namespace sluice::source {

namespace {

/// How long a connection may take to show that it knows the secret.
constexpr auto patience_for_handshake = std::chrono::seconds(2);
/// An instance that is connected asks once its own cursor has had an answer: see --max-await-ms.
constexpr auto patience_for_request = std::chrono::seconds(90);
/// How long it may take to accept the reply, and an answer.
constexpr auto patience_for_reply = std::chrono::seconds(5);
constexpr auto patience_to_take = std::chrono::seconds(30);
/// The other instance asks again. This one may have to stop meanwhile.
constexpr auto longest_wait = std::chrono::milliseconds(500);
/// When no connection can be accepted, for instance because the process has too many files open.
constexpr auto pause_after_failure = std::chrono::milliseconds(100);
/// Between lines of the log about the same lack of room.
constexpr auto pause_between_lines = std::chrono::minutes(1);
/// An instance asks for the next answer when it has room for it.
constexpr auto patience_for_question = std::chrono::hours(24);

std::span<const std::uint8_t> bytes_of(bson::View view) {
  return {view.data(), view.size()};
}

std::string why_not_listening(const std::string& host, int port, const error_code& error) {
  const std::string text = "the feed cannot be offered to the other instances: cannot listen on " + host +
                           ":" + std::to_string(port) + ": ";
  if (error == asio::error::address_in_use) {
    return text + "the port is taken; instances on one machine need different ports: choose another with " +
           "--feed-port (SLUICE_FEED_PORT, cluster.feed_port)";
  }
  if (error == asio::error::access_denied) {
    return text + "this user may not listen there; choose a port from 1024 up";
  }
  return text + error.message() + "; it must be an address of this machine: check --feed-host " +
         "(SLUICE_FEED_HOST, cluster.feed_host)";
}

}  // namespace

struct PeerServer::Listener {
  asio::io_context io{1};
  tcp::acceptor acceptor{io};
};

struct PeerServer::Session {
  std::atomic<bool> ended = false;
  std::atomic<bool> knows_secret = false;
  std::jthread thread;
};

PeerServer::PeerServer(Parts parts) : parts_(std::move(parts)), listener_(std::make_unique<Listener>()) {
  error_code error;
  const auto address = asio::ip::make_address(parts_.host, error);
  tcp::acceptor& acceptor = listener_->acceptor;
  const tcp::endpoint endpoint(address, static_cast<std::uint16_t>(parts_.port));
  if (!error) acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(asio::socket_base::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) throw Stop(exit_code::cannot_start, why_not_listening(parts_.host, parts_.port, error));
}

void PeerServer::start(OpenTap open_tap) {
  open_tap_ = std::move(open_tap);
  thread_ = std::jthread([this](const std::stop_token& stop) { accept(stop); });
}

PeerServer::~PeerServer() {
  stop();
}

int PeerServer::port() const {
  return listener_->acceptor.local_endpoint().port();
}

void PeerServer::stop() {
  thread_.request_stop();
  listener_->io.stop();
  if (thread_.joinable()) thread_.join();
  std::list<std::unique_ptr<Session>> ending;
  {
    const std::lock_guard lock(mutex_);
    ending.swap(sessions_);
  }
  for (const auto& session : ending) session->thread.request_stop();
}

void PeerServer::accept(const std::stop_token& stop) {
  tcp::socket socket(listener_->io);
  const std::function<void()> next = [&] {
    listener_->acceptor.async_accept(socket, [&](const error_code& error) {
      if (error) {
        flow::pause(pause_after_failure, stop);
      } else {
        run_guarded([&] { begin(std::exchange(socket, tcp::socket(listener_->io))); },
                    [this](int, const char* what) { say_failed(what); });
      }
      next();
    });
  };
  next();
  run_guarded([&] { listener_->io.run(); }, [this](int, const char* what) { say_failed(what); });
}

void PeerServer::say_failed(const char* what) const {
  parts_.say(std::string("a connection of another instance failed: ") + what);
}

void PeerServer::begin(tcp::socket socket) {
  const std::lock_guard lock(mutex_);
  sessions_.remove_if([](const auto& session) { return session->ended.load(); });
  if (!make_room()) return;
  auto session = std::make_unique<Session>();
  const int descriptor = socket.release();
  try {
    session->thread = std::jthread([this, descriptor, &self = *session](const std::stop_token& stop) {
      run_guarded([&] { serve(descriptor, self, stop); },
                  [this](int, const char* what) { say_failed(what); });
      self.ended = true;
    });
  } catch (...) {
    socket.assign(tcp::v4(), descriptor);  // closes it
    throw;
  }
  sessions_.push_back(std::move(session));
}

/// Whoever holds connections open without knowing the secret must not keep the other instances out. Returns
/// whether there is room for another connection.
bool PeerServer::make_room() {
  const auto is_stranger = [](const auto& session) { return !session->knows_secret; };
  const auto strangers = static_cast<std::size_t>(std::ranges::count_if(sessions_, is_stranger));
  const bool full = sessions_.size() >= parts_.most_connections;
  if (!full && strangers < parts_.most_strangers) return true;
  const auto oldest = std::ranges::find_if(sessions_, is_stranger);
  if (oldest == sessions_.end()) {
    say_now_and_then(std::to_string(sessions_.size()) +
                     " instances are connected; no other one can read the feed");
    return false;
  }
  sessions_.erase(oldest);  // it ends at once
  say_now_and_then(
      "many connections to the feed's port do not show that they are of an instance of this cluster; the "
      "oldest of them is closed for each new one");
  return true;
}

void PeerServer::say_now_and_then(const std::string& what) {
  const flow::Time now = flow::Clock::now();
  if (told_ == what && now - told_at_ < pause_between_lines) return;
  told_ = what;
  told_at_ = now;
  parts_.say(what);
}

void PeerServer::serve(int socket, Session& session, const std::stop_token& stop) {
  PeerLink link;
  // A failure here is none of an instance: whoever connects without the secret gets no further.
  if (!link.accept(socket, parts_.secret, patience_for_handshake, stop).empty()) return;
  session.knows_secret = true;
  const std::string why = converse(link, stop);
  if (!why.empty() && !stop.stop_requested()) parts_.say("another instance no longer reads the feed: " + why);
}

/// Answers an instance's questions. Returns why that has ended, unless it never read the feed, or the feed
/// has ended for it.
std::string PeerServer::converse(PeerLink& link, const std::stop_token& stop) {
  std::vector<std::uint8_t> bytes;
  if (!link.receive(bytes, patience_for_request, stop).empty()) return "";
  const auto request = peer::parse_request(view_of(bytes));
  std::string why_not = "it has another version of Sluice";
  std::unique_ptr<FeedTap> tap;
  if (request) tap = open_tap_(*request, why_not);
  bson::Builder reply;
  if (tap) why_not.clear();
  if (std::string why = link.send(bytes_of(peer::make_reply(why_not, reply)), patience_for_reply, stop);
      !why.empty())
    return why;
  while (tap) {
    if (std::string why = link.receive(bytes, patience_for_question, stop); !why.empty()) return why;
    const auto question = peer::parse_question(view_of(bytes));
    if (!question) return "it sent what is no message";
    const auto wait = std::min<flow::Duration>(std::chrono::milliseconds(question->wait_ms), longest_wait);
    const auto batch = tap->next(question->events, wait);
    bson::Builder head;
    bytes = {};
    const bson::View message = batch ? peer::make_head(*batch, head) : peer::make_end(tap->why_ended(), head);
    bytes.insert(bytes.end(), message.data(), message.data() + message.size());
    if (batch) {
      for (const bson::View event : batch->events)
        bytes.insert(bytes.end(), event.data(), event.data() + event.size());
    } else {
      tap.reset();
    }
    if (std::string why = link.send(bytes, patience_to_take, stop); !why.empty()) return why;
  }
  return "";
}

}  // namespace sluice::source
