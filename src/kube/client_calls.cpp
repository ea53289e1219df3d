// What a client can be asked to do, as requests.
#include "k8scale/base/text.h"
#include "k8scale/kube/client.h"
#include "kube/client_state.h"

namespace k8scale::kube {
namespace {

std::string_view type_of(Encoding encoding) {
  return encoding == Encoding::protobuf ? "application/vnd.kubernetes.protobuf" : "application/json";
}

std::string_view content_type(PatchType type) {
  switch (type) {
    case PatchType::json:
      return "application/json-patch+json";
    case PatchType::merge:
      return "application/merge-patch+json";
    case PatchType::strategic:
      break;
  }
  return "application/strategic-merge-patch+json";
}

std::string with_query(std::string path, std::string_view query) {
  if (!query.empty()) path.append("?").append(query);
  return path;
}

Call call_of(std::string_view method, const Collection& collection, std::string_view name,
             std::string target) {
  Call call;
  call.method = method;
  call.target = std::move(target);
  call.subject = {collection.qualified(), std::string(name)};
  return call;
}

}  // namespace

Collection::Collection(Resource resource, std::string_view namespace_name) : resource_(std::move(resource)) {
  path_ = resource_.root();
  if (!namespace_name.empty()) path_ += "/namespaces/" + base::percent_encode(namespace_name);
  path_ += "/" + resource_.plural;
  qualified_ = resource_.group.empty() ? resource_.plural : resource_.plural + "." + resource_.group;
}

std::string Collection::path_of(std::string_view name) const {
  return path_ + "/" + base::percent_encode(name);
}

Client::Client(net::Shard& shard, const Configuration& configuration,
               std::shared_ptr<Credentials> credentials, ClientOptions options)
    : state_(std::make_unique<State>(shard, configuration, std::move(credentials), std::move(options))) {}

Client::~Client() = default;

const std::string& Client::server() const { return state_->server; }

const Configuration& Client::configuration() const { return state_->configuration; }

net::Task<Answer> Client::get(const Collection& collection, std::string_view name,
                              const AttemptObserver& observe) {
  return state_->send(call_of("GET", collection, name, collection.path_of(name)), observe);
}

net::Task<Answer> Client::list(const Collection& collection, std::string_view query,
                               const AttemptObserver& observe) {
  return state_->send(call_of("GET", collection, "", with_query(collection.path(), query)), observe);
}

net::Task<Answer> Client::create(const Collection& collection, std::string_view name, std::string body,
                                 std::string_view query, const AttemptObserver& observe) {
  Call call = call_of("POST", collection, name, with_query(collection.path(), query));
  call.content_type = type_of(state_->options.encoding);
  call.body = std::move(body);
  return state_->send(std::move(call), observe);
}

net::Task<Answer> Client::update(const Collection& collection, std::string_view name, std::string body,
                                 std::string_view query, const AttemptObserver& observe) {
  Call call = call_of("PUT", collection, name, with_query(collection.path_of(name), query));
  call.content_type = type_of(state_->options.encoding);
  call.body = std::move(body);
  return state_->send(std::move(call), observe);
}

net::Task<Answer> Client::patch(const Collection& collection, std::string_view name, PatchType type,
                                std::string body, std::string_view query, const AttemptObserver& observe) {
  Call call = call_of("PATCH", collection, name, with_query(collection.path_of(name), query));
  call.body = std::move(body);
  call.content_type = content_type(type);
  return state_->send(std::move(call), observe);
}

net::Task<Answer> Client::remove(const Collection& collection, std::string_view name, std::string options,
                                 const AttemptObserver& observe) {
  Call call = call_of("DELETE", collection, name, collection.path_of(name));
  call.body = std::move(options);
  return state_->send(std::move(call), observe);
}

net::Task<Answer> Client::remove_collection(const Collection& collection, std::string_view query,
                                            const AttemptObserver& observe) {
  return state_->send(call_of("DELETE", collection, "", with_query(collection.path(), query)), observe);
}

net::Task<Answer> Client::get_path(std::string_view path, const AttemptObserver& observe) {
  Call call;
  call.method = "GET";
  call.target = path;
  return state_->send(std::move(call), observe);
}

net::Task<base::Result<void>> Client::prewarm(std::size_t count) { return state_->pool->prewarm(count); }

net::PoolCounters Client::connections() const { return state_->pool->counters(); }

SharedByReflectors& Client::shared_by_reflectors() { return state_->shared_by_reflectors; }

void Client::stop_retrying() {
  state_->options.retries = 0;
  state_->stopped.raise();
}

}  // namespace k8scale::kube
