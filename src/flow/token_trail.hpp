#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::flow {

/// Finds, for each of several slots (sets of collections), the resume token of the newest change up to which
/// all changes are done. The caller feeds it the stream's changes batch by batch, and the positions below
/// which everything is done, which are ends of batches. Holds one token for each slot and batch that is not
/// done.
class TokenTrail {
 public:
  struct Token {
    std::size_t slot = 0;
    std::string data;  ///< the token's _data
    friend bool operator==(const Token&, const Token&) = default;
  };

  using Collections = std::vector<std::string>;

  /// `collections`: for each slot, the collections whose changes count.
  explicit TokenTrail(std::vector<Collections> collections)
      : collections_(std::move(collections)), reading_(collections_.size()), done_(collections_.size()) {}

  /// A change for which rules have effects.
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

  /// The tokens that have become done since the last call: the newest of each slot.
  std::vector<Token> take() {
    std::vector<Token> news;
    for (std::size_t slot = 0; slot < done_.size(); ++slot) {
      if (!done_[slot].empty()) news.push_back({slot, std::exchange(done_[slot], {})});
    }
    return news;
  }

  /// Puts back tokens from take() that could not be stored. take() returns them again, unless a slot has a
  /// newer one by then.
  void give_back(std::vector<Token> tokens) {
    for (Token& token : tokens) {
      if (done_[token.slot].empty()) done_[token.slot] = std::move(token.data);
    }
  }

 private:
  std::vector<Collections> collections_;
  std::vector<std::string> reading_;  ///< by slot: the newest token of the current batch
  std::deque<Token> waiting_;
  std::vector<std::string> done_;  ///< by slot: done and not yet taken
};

}  // namespace sluice::flow
