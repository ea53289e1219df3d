#include "k8scale/net/message_parser.h"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/optional.hpp>
#include <optional>
#include <variant>

#include "k8scale/base/text.h"

namespace k8scale::net {
namespace http = boost::beast::http;
using boost::beast::error_code;
using boost::beast::string_view;

namespace {

// Reserved at once from what the head announces; a larger body grows as it comes.
constexpr std::uint64_t most_reserved = 1024 * 1024;

// An alert, or the first message of a handshake.
bool is_tls_record(std::string_view bytes) {
  return bytes.size() > 1 && (bytes[0] == '\x15' || bytes[0] == '\x16') && bytes[1] == '\x03';
}

std::string_view view(string_view text) { return {text.data(), text.size()}; }

// Clients may send the whole URL, as they do to a proxy (RFC 9112, 3.2.2). One without a host makes no sense
// and stays as it is, like `*` and `host:port`.
void assign_origin_form(std::string& out, std::string_view target) {
  out.clear();
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (!base::equals_ignoring_case(target.substr(0, scheme.size()), scheme)) continue;
    const std::size_t path = std::min(target.find_first_of("/?", scheme.size()), target.size());
    if (path == scheme.size()) break;
    target.remove_prefix(path);
    if (!target.starts_with('/')) out = '/';
    break;
  }
  out += target;
}

// Where a body goes: one of the two.
struct Body {
  std::string* text;
  BodySink* sink;
};

// What requests and answers have in common: fields and body.
template <bool is_request>
class Parser : public http::basic_parser<is_request> {
 public:
  Parser(Headers& headers, const Body& body, const MessageLimits& limits)
      : headers_(headers), body_(body), body_limit_(limits.body) {
    this->header_limit(static_cast<std::uint32_t>(limits.head));
    this->body_limit(boost::none);
    this->eager(true);
  }

  [[nodiscard]] int version() const { return version_; }

 protected:
  int version_ = 11;

  void on_field_impl(http::field, string_view name, string_view value, error_code&) override {
    if (this->is_header_done()) return;  // trailers
    headers_.add(view(name), view(value));
  }
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>& length, error_code& error) override {
    if (!length) return;
    if (*length > body_limit_) {
      error = http::error::body_limit;
    } else if (body_.text != nullptr) {
      body_.text->reserve(body_.text->size() + std::min(*length, most_reserved));
    }
  }
  std::size_t on_body_impl(string_view bytes, error_code& error) override { return append(bytes, error); }
  void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, string_view bytes, error_code& error) override {
    return append(bytes, error);
  }
  void on_finish_impl(error_code&) override {}

 private:
  std::size_t append(string_view bytes, error_code& error) {
    received_ += bytes.size();
    if (received_ > body_limit_) {
      error = http::error::body_limit;
      return 0;
    }
    if (body_.text != nullptr) {
      body_.text->append(bytes.data(), bytes.size());
    } else if (!body_.sink->put(view(bytes))) {
      error = http::error::bad_value;
    }
    return bytes.size();
  }

  Headers& headers_;
  Body body_;
  std::uint64_t body_limit_;
  std::uint64_t received_ = 0;
};

class RequestParser final : public Parser<true> {
 public:
  RequestParser(Request& request, const MessageLimits& limits)
      : Parser(request.headers, Body{&request.body, nullptr}, limits), request_(request) {}

  // What is wrong with a head that came whole. Of RFC 9112, 3.2, only the number of Hosts is checked, not
  // what they say.
  [[nodiscard]] std::optional<std::string> fault() const {
    if (!is_header_done()) return std::nullopt;
    return wrong_count("Host", hosts_, version_ < 11 ? Count::at_most_once : Count::exactly_once);
  }

 private:
  void on_request_impl(http::verb, string_view method, string_view target, int version,
                       error_code&) override {
    version_ = version;
    request_.method.assign(method.data(), method.size());
    assign_origin_form(request_.target, view(target));
  }
  void on_response_impl(int, string_view, int, error_code&) override {}
  void on_field_impl(http::field field, string_view name, string_view value, error_code& error) override {
    if (field == http::field::host && !is_header_done()) ++hosts_;
    Parser::on_field_impl(field, name, value, error);
  }

  Request& request_;
  std::size_t hosts_ = 0;
};

class ResponseParser final : public Parser<false> {
 public:
  ResponseParser(ResponseHead& head, const Body& body, BodyRule rule, const MessageLimits& limits)
      : Parser(head.headers, body, limits), head_(head) {
    skip(rule == BodyRule::none);
  }

 private:
  void on_request_impl(http::verb, string_view, string_view, int, error_code&) override {}
  void on_response_impl(int status, string_view reason, int version, error_code&) override {
    version_ = version;
    head_.status = status;
    head_.reason.assign(reason.data(), reason.size());
  }

  ResponseHead& head_;
};

}  // namespace

struct MessageParser::Implementation {
  std::variant<std::monostate, RequestParser, ResponseParser> parser;

  // Calls `work` with whichever parser there is.
  template <class Work>
  auto with(Work work) {
    if (auto* request = std::get_if<RequestParser>(&parser)) return work(*request);
    return work(std::get<ResponseParser>(parser));
  }

  [[nodiscard]] std::optional<std::string> fault() const {
    const auto* request = std::get_if<RequestParser>(&parser);
    return request == nullptr ? std::nullopt : request->fault();
  }

  [[nodiscard]] const char* tls_instead() const {
    return std::holds_alternative<RequestParser>(parser)
               ? "the client speaks TLS, and this port does not: http:// instead of https://?"
               : "the server speaks TLS: https:// instead of http://?";
  }
};

MessageParser::MessageParser(ResponseHead& head, std::string& body, BodyRule rule,
                             const MessageLimits& limits)
    : implementation_(std::make_unique<Implementation>()), head_limit_(limits.head) {
  implementation_->parser.emplace<ResponseParser>(head, Body{&body, nullptr}, rule, limits);
}

MessageParser::MessageParser(ResponseHead& head, BodySink& body, const MessageLimits& limits)
    : implementation_(std::make_unique<Implementation>()), head_limit_(limits.head) {
  implementation_->parser.emplace<ResponseParser>(head, Body{nullptr, &body}, BodyRule::as_the_head_says,
                                                  limits);
}

MessageParser::MessageParser(Request& request, const MessageLimits& limits)
    : implementation_(std::make_unique<Implementation>()), head_limit_(limits.head) {
  implementation_->parser.emplace<RequestParser>(request, limits);
}

MessageParser::~MessageParser() = default;

base::Result<std::size_t> MessageParser::put(std::string_view bytes) {
  if (!begun_ && is_tls_record(bytes)) {
    error_ = ParseError::malformed;
    return base::Failure(base::FailureKind::protocol, implementation_->tls_instead());
  }
  error_code error;
  const std::size_t taken = implementation_->with(
      [&](auto& parser) { return parser.put(boost::asio::const_buffer(bytes.data(), bytes.size()), error); });
  begun_ = begun_ || taken > 0;
  if (std::optional<std::string> fault = implementation_->fault()) {
    error_ = ParseError::malformed;
    return base::Failure(base::FailureKind::protocol, std::move(*fault));
  }
  const bool in_order = !error || error == http::error::need_more;
  const std::size_t unfinished = done() ? 0 : bytes.size() - taken;
  if (in_order && unfinished <= head_limit_) return taken;
  if (in_order || error == http::error::header_limit || error == http::error::buffer_overflow) {
    error_ = ParseError::head_too_large;
    return base::Failure(base::FailureKind::limit, "the head, or a line of the body, is larger than allowed");
  }
  if (error == http::error::body_limit) {
    error_ = ParseError::body_too_large;
    return base::Failure(base::FailureKind::limit, "the body is larger than allowed");
  }
  error_ = ParseError::malformed;
  return base::Failure(base::FailureKind::protocol, "not HTTP/1.1: " + error.message());
}

base::Result<void> MessageParser::put_end() {
  error_code error;
  implementation_->with([&](auto& parser) { parser.put_eof(error); });
  if (!error) return {};
  error_ = ParseError::malformed;
  return base::Failure(base::FailureKind::reset, head_done() ? "the connection ended within the body"
                                                             : "the connection ended within the head");
}

bool MessageParser::head_done() const {
  return implementation_->with([](auto& parser) { return parser.is_header_done(); });
}
bool MessageParser::done() const {
  return implementation_->with([](auto& parser) { return parser.is_done(); });
}
bool MessageParser::keep_alive() const {
  return implementation_->with([](auto& parser) { return parser.keep_alive(); });
}
bool MessageParser::is_1_1() const {
  return implementation_->with([](auto& parser) { return parser.version() == 11; });
}

}  // namespace k8scale::net
