#pragma once
#include <chrono>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "k8scale/kube/client.h"
#include "k8scale/kube/proxy.h"
#include "k8scale/net/wait.h"
#include "kube/shared_by_reflectors.h"

namespace k8scale::kube {

/// What a call is about, for messages.
struct Subject {
  std::string resource;
  std::string name;
};

struct Call {
  std::string method;
  std::string target;  // below the server's path prefix
  std::string body;
  std::string_view content_type = "application/json";
  Subject subject;
};

/// The pause that an answer of 429 or 5xx asks for by its Retry-After, at most `longest_retry_after`.
[[nodiscard]] std::optional<std::chrono::seconds> retry_after(const net::ResponseHead& response);

struct Client::State {
  net::Shard& shard;
  Configuration configuration;
  std::shared_ptr<Credentials> credentials;
  ClientOptions options;
  std::string server;
  std::optional<net::Proxy> proxy;
  net::Signal stopped;
  std::set<std::string> warnings;
  SharedByReflectors shared_by_reflectors;

  // Made from the credential that is in use.
  std::shared_ptr<const Credential> credential;
  std::unique_ptr<net::Pool> pool;
  net::Headers headers;

  State(net::Shard& on, const Configuration& with, std::shared_ptr<Credentials> who, ClientOptions given)
      : shard(on),
        configuration(with),
        credentials(std::move(who)),
        options(std::move(given)),
        server(with.server.url() + with.path_prefix),
        proxy(make_proxy(with)),
        stopped(on) {
    shared_by_reflectors.logged = options.logged ? options.logged : std::make_shared<LogMemory>();
    use_current_credential();
  }

  void use_current_credential();
  enum class Next { end, at_once, with_new_credentials, after_pause };
  struct Course;

  void log_warnings(const net::ResponseHead& response);
  net::Headers headers_for(std::string_view accept) const;
  net::Request request_of(Call& call);
  Next next_step(const net::Exchange& exchange, Course& course) const;
  static std::string text_of(Next next, const net::Exchange& exchange);
  std::optional<Status> refusal_of(const net::Exchange& exchange, const Course& course);
  void authorize_again(net::Request& request);
  void give_up(Course& course, const AttemptObserver& observe);
  net::Task<bool> attempt(Course& course, const AttemptObserver& observe);
  net::Task<StreamAnswer> open_stream(const Collection& collection, const StreamRequest& wanted);
  net::Task<Answer> send(Call call, const AttemptObserver& observe);
};

}  // namespace k8scale::kube
