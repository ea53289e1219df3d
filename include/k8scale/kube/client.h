#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "k8scale/base/result.h"
#include "k8scale/base/time.h"
#include "k8scale/kube/configuration.h"
#include "k8scale/kube/credentials.h"
#include "k8scale/kube/encoding.h"
#include "k8scale/kube/resource.h"
#include "k8scale/kube/status.h"
#include "k8scale/net/pool.h"
#include "k8scale/net/shard.h"
#include "k8scale/net/task.h"
#include "k8scale/net/wait.h"

namespace k8scale::kube {

class LogMemory;

struct ClientOptions {
  std::string user_agent = "k8scale";
  int retries = 10;  ///< of 429 and 5xx that come with Retry-After; 0: none
  base::Nanoseconds connect_timeout = std::chrono::seconds(10);
  base::Nanoseconds request_timeout = std::chrono::seconds(65);
  /// Of the bodies of create and update, which the caller writes so; answers come so where the server can.
  Encoding encoding = Encoding::json;
  std::size_t most_connections = 256;  ///< calls beyond wait for one of these; each open watch holds one
  std::size_t enough_when_busy = 16;   ///< see net::PoolOptions
  std::shared_ptr<LogMemory> logged;   ///< of its reflectors; null: its own
};

/// The objects of one resource, in one namespace or (when that is empty) in all of them or in none.
class Collection {
 public:
  Collection(Resource resource, std::string_view namespace_name);
  [[nodiscard]] const Resource& resource() const { return resource_; }
  /// "/api/v1/namespaces/scaletest/configmaps", percent-encoded.
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string path_of(std::string_view name) const;
  /// "configmaps", "flunders.wardle.example.com".
  [[nodiscard]] const std::string& qualified() const { return qualified_; }

 private:
  Resource resource_;
  std::string path_;
  std::string qualified_;
};

struct SharedByReflectors;

/// One request of a call that was sent, or could not be. What it refers to lasts as long as the observer
/// runs.
struct Attempt {
  int number = 1;    ///< from 1
  bool last = true;  ///< the call ends with this one
  base::SteadyTime
      due;  ///< when it should have been sent: the call's start, or the end of the pause before it
  const net::Exchange& exchange;
  const Status* status = nullptr;  ///< why the server refused; null when it did not
};
/// Called on the shard, once for each attempt as it ends.
using AttemptObserver = std::function<void(const Attempt&)>;

/// What a call came to.
struct Answer {
  std::optional<base::Failure> failure;  ///< no whole answer came
  bool nothing_sent = false;             ///< when `failure`: no byte of the last attempt left
  int http_status = 0;                   ///< 0 when `failure`
  std::optional<Status> status;          ///< the server refused
  std::string body;                      ///< as it came

  [[nodiscard]] bool ok() const { return !failure && !status; }
  [[nodiscard]] bool not_found() const { return http_status == 404; }
  /// It is there already, or is another one than was meant.
  [[nodiscard]] bool conflict() const { return http_status == 409; }
  /// See the function of the same name.
  [[nodiscard]] bool may_do_better() const { return kube::may_do_better(failure, status); }
  /// One line for people, empty when ok: the text of client-go's error, or of the failure.
  [[nodiscard]] std::string error() const;
};

/// A list or a watch whose answer is read as it comes.
struct StreamRequest {
  std::string query;  ///< encoded and without "?"; may be empty
  std::string accept = "application/json";
  bool gzip = false;  ///< ask for it; the answer's Content-Encoding says whether it is
  net::Cancellation* cancellation = nullptr;  ///< see net::Pool::open_stream
};

/// What opening it came to.
struct StreamAnswer {
  std::optional<base::Failure> failure;
  /// The server refused; `retry_after` is also what its Retry-After field says.
  std::optional<Status> status;
  std::unique_ptr<net::ResponseStream> stream;  ///< when neither of these
};

/// What an answer's Retry-After field asks for, in seconds; nothing when there is none.
[[nodiscard]] std::optional<std::chrono::seconds> retry_after_of(const net::Headers& headers);

enum class PatchType { json, merge, strategic };

/// Talks to one API server, from one shard, to which it belongs. Bodies are in ClientOptions::encoding,
/// those of patch and remove are JSON. Each member sends one
/// call, which is
/// - sent again, after the pause that Retry-After asks for, when the server answers 429 or 5xx with one;
/// - sent again on a fresh connection, once, when a reused one broke and net::may_retry_on_fresh_connection;
/// - sent again with new credentials, once, when the server answers 401.
/// What is passed by reference must outlive the call, and the client must outlive its calls.
class Client {
 public:
  Client(net::Shard& shard, const Configuration& configuration, std::shared_ptr<Credentials> credentials,
         ClientOptions options);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// "https://host:port".
  [[nodiscard]] const std::string& server() const;
  [[nodiscard]] const Configuration& configuration() const;

  // `query` is encoded and without "?"; it may be empty.
  [[nodiscard]] net::Task<Answer> get(const Collection& collection, std::string_view name,
                                      const AttemptObserver& observe = {});
  [[nodiscard]] net::Task<Answer> list(const Collection& collection, std::string_view query = {},
                                       const AttemptObserver& observe = {});
  /// `name` is for messages: the body has the name that counts.
  [[nodiscard]] net::Task<Answer> create(const Collection& collection, std::string_view name,
                                         std::string body, std::string_view query = {},
                                         const AttemptObserver& observe = {});
  [[nodiscard]] net::Task<Answer> update(const Collection& collection, std::string_view name,
                                         std::string body, std::string_view query = {},
                                         const AttemptObserver& observe = {});
  [[nodiscard]] net::Task<Answer> patch(const Collection& collection, std::string_view name, PatchType type,
                                        std::string body, std::string_view query = {},
                                        const AttemptObserver& observe = {});
  /// `options` is a DeleteOptions in JSON, or empty.
  [[nodiscard]] net::Task<Answer> remove(const Collection& collection, std::string_view name,
                                         std::string options = {}, const AttemptObserver& observe = {});
  [[nodiscard]] net::Task<Answer> remove_collection(const Collection& collection, std::string_view query = {},
                                                    const AttemptObserver& observe = {});
  /// GET of anything else, as "/version".
  [[nodiscard]] net::Task<Answer> get_path(std::string_view path, const AttemptObserver& observe = {});

  /// Opens a list or a watch. Nothing that the server refuses is sent again, but for 401.
  [[nodiscard]] net::Task<StreamAnswer> open_stream(const Collection& collection,
                                                    const StreamRequest& request);

  /// Opens connections until `count` are idle.
  [[nodiscard]] net::Task<base::Result<void>> prewarm(std::size_t count);
  [[nodiscard]] net::PoolCounters connections() const;
  /// For kube's own sources.
  [[nodiscard]] SharedByReflectors& shared_by_reflectors();
  /// From now on no call pauses to be sent again; one that pauses now ends, with a last attempt that is
  /// cancelled. For the end of a run.
  void stop_retrying();

  struct State;

 private:
  std::unique_ptr<State> state_;
};

/// What "/version" says in gitVersion. Throws base::Error with one line for people when the server cannot be
/// reached or trusted, is no Kubernetes API server, or refuses the credentials: exit code 20.
[[nodiscard]] std::string server_version(net::Shard& shard, Client& client);

}  // namespace k8scale::kube
