#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::flow {

/// Of each of some collections the resume token of the newest change that is done, and all before it. It is
/// fed the stream's changes batch by batch, and the positions below which everything is done, which are ends
/// of batches. It keeps one token for each collection and batch that is not done yet.
class TokenTrail {
 public:
  struct Token {
    std::size_t slot = 0;
    std::string data;  ///< the token's _data
    friend bool operator==(const Token&, const Token&) = default;
  };

  using Collections = std::vector<std::string>;

  /// By slot the collections whose changes count.
  explicit TokenTrail(std::vector<Collections> collections)
      : collections_(std::move(collections)), reading_(collections_.size()), done_(collections_.size()) {}

  /// A change that somebody is told of.
  void change(std::string_view collection, std::string_view data) {
    for (std::size_t slot = 0; slot < collections_.size(); ++slot) {
      if (std::ranges::find(collections_[slot], collection) != collections_[slot].end()) {
        reading_[slot].assign(data);
      }
    }
  }

  void end_batch() {
    for (std::size_t slot = 0; slot < reading_.size(); ++slot) {
      if (!reading_[slot].empty()) waiting_.push_back({slot, std::move(reading_[slot])});
      reading_[slot].clear();
    }
  }

  /// Everything up to this token is done.
  void reached(std::string_view data) {
    while (!waiting_.empty() && waiting_.front().data <= data) {
      done_[waiting_.front().slot] = std::move(waiting_.front().data);
      waiting_.pop_front();
    }
  }

  /// What has become done since the last call.
  std::vector<Token> take() {
    std::vector<Token> news;
    for (std::size_t slot = 0; slot < done_.size(); ++slot) {
      if (!done_[slot].empty()) news.push_back({slot, std::exchange(done_[slot], {})});
    }
    return news;
  }

  /// What take() gave could not be stored, and is given again unless something newer is.
  void give_back(std::vector<Token> tokens) {
    for (Token& token : tokens) {
      if (done_[token.slot].empty()) done_[token.slot] = std::move(token.data);
    }
  }

 private:
  std::vector<Collections> collections_;
  std::vector<std::string> reading_;  ///< by slot: the newest of the batch that is being read
  std::deque<Token> waiting_;
  std::vector<std::string> done_;  ///< by slot: done, and not yet taken
};

}  // namespace sluice::flow
