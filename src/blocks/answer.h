#pragma once
#include <memory>
#include <string>

#include "blocks/block_checker.h"
#include "blocks/block_lateness.h"
#include "k8scale/base/result.h"
#include "k8scale/base/time.h"
#include "k8scale/blocks/blocks_request.h"
#include "k8scale/net/http.h"
#include "k8scale/net/message_parser.h"

namespace k8scale::blocks {

/// The answer to a request for blocks, as it comes.
class Answer : public net::BodySink {
 public:
  /// `bytes` counts what comes of blocks, and `lateness` how late they are.
  Answer(const BlocksRequest& request, std::uint64_t& bytes, BlockLateness& lateness);

  /// When the bytes were read that are put next.
  void set_now(base::SteadyTime now);
  [[nodiscard]] bool put(std::string_view piece) override;

  /// Takes in what it can and returns how many bytes that was, see net::MessageParser. Interim answers (1xx)
  /// are passed over.
  [[nodiscard]] base::Result<std::size_t> take(std::string_view bytes);
  [[nodiscard]] net::MessageParser& parser() { return *parser_; }
  /// Whether `put` wanted all bytes so far: of blocks, the right ones; of a refusal, the first 64 KiB.
  [[nodiscard]] bool good() const { return good_; }
  /// Whether a byte came; of an interim answer will do.
  [[nodiscard]] bool begun() const { return first_byte_ != base::SteadyTime(); }
  [[nodiscard]] base::SteadyTime first_byte() const { return first_byte_; }
  [[nodiscard]] base::SteadyTime now() const { return now_; }
  [[nodiscard]] std::uint64_t position() const { return checker_.position(); }
  /// What is wrong with an answer that has come to its end.
  [[nodiscard]] base::Result<void> verdict() const;
  /// What was wrong with the bytes that `put` did not want.
  [[nodiscard]] base::Failure wrong_bytes() const;

  /// Whether a byte came that is of no interim answer.
  [[nodiscard]] bool final_begun() const { return final_begun_; }

 private:
  void await_head();
  [[nodiscard]] base::Failure refused() const;
  [[nodiscard]] base::Failure too_long() const;

  BlocksRequest request_;
  std::uint64_t& bytes_;
  BlockLateness& lateness_;
  BlockChecker checker_;
  net::ResponseHead head_;
  std::unique_ptr<net::MessageParser> parser_;
  base::SteadyTime now_, first_byte_;
  bool good_ = true;
  bool final_begun_ = false;
  std::string refusal_;  // the beginning of the body of an answer that has no blocks
  std::uint64_t refusal_bytes_ = 0;
};

}  // namespace k8scale::blocks
